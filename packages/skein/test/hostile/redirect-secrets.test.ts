import { inspect } from "node:util";
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  type OriginServer,
  originServer,
  test,
  testCertificates,
  tlsOriginServer,
} from "@skein/testkit";
import { Client, type ClientOptions, type RequestOptions, SkeinError } from "../../src/entry/node.ts";
import { nothingEscapes, outcomeOf } from "./harness.ts";

let plain: OriginServer;
let plain2: OriginServer;
let secure: OriginServer;
let secure2: OriginServer;
const origins = () => [plain, plain2, secure, secure2];

beforeAll(async () => {
  [plain, plain2, secure, secure2] = await Promise.all([
    originServer(),
    originServer(),
    tlsOriginServer(),
    tlsOriginServer(),
  ]);
});
afterAll(() => Promise.all(origins().map(origin => origin.close())));

/** Where from, and where to: each pair but the first two is of two origins. */
const HOPS: Readonly<Record<string, { from: () => string; to: () => string; same?: true }>> = {
  "http to itself": { from: () => plain.url, to: () => plain.url, same: true },
  "https to itself": { from: () => secure.url, to: () => secure.url, same: true },
  "http to another port": { from: () => plain.url, to: () => plain2.url },
  "https to another port": { from: () => secure.url, to: () => secure2.url },
  "http to another name": { from: () => plain.url, to: () => plain.url.replace("127.0.0.1", "localhost") },
  "https to another name": { from: () => secure.url, to: () => secure.url.replace("127.0.0.1", "localhost") },
  "http to https": { from: () => plain.url, to: () => secure.url },
  "https to http": { from: () => secure.url, to: () => plain.url },
};

const CANARY = "kanarienvogel";
const SECRETS: Readonly<Record<string, RequestOptions & ClientOptions>> = {
  authorization: { headers: { Authorization: `Bearer ${CANARY}` } },
  cookie: { headers: { COOKIE: `session=${CANARY}` } },
  "proxy-authorization": { headers: { "proxy-authorization": `Basic ${CANARY}` } },
  "x-api-key": { headers: { "X-Api-Key": CANARY } },
  host: { headers: { host: `${CANARY}.test` } },
  referer: { headers: { referer: `https://intern.test/?token=${CANARY}` } },
  "any other header": { headers: { "x-whatever": CANARY } },
  auth: { auth: [CANARY, CANARY] },
  cookies: { cookies: { session: CANARY } },
  "user name and password": {},
};
const NEEDLES = [CANARY, btoa(`${CANARY}:${CANARY}`)];
const holdsSecret = (text: string) => NEEDLES.some(needle => text.includes(needle));

const via = (status: number, url: string) => `/redirect/${status}?to=${encodeURIComponent(url)}`;

/** What all origins have received since, in order: each request as text. */
function recorder(): () => { at: OriginServer; text: string }[] {
  const before = origins().map(origin => origin.requests.length);
  return () =>
    origins().flatMap((at, i) =>
      at.requests.slice(before[i]).map(({ method, target, headers }) => ({
        at,
        text: `${method} ${target}\n${headers.map(([name, value]) => `${name}: ${value}`).join("\n")}`,
      })),
    );
}

function clientWith(options: ClientOptions = {}): Client {
  const tls = { ca: testCertificates().ca };
  return new Client({ timeout: "10s", retry: false, redirect: { downgrade: true }, tls, ...options });
}

describe.each([301, 302, 303, 307, 308])("a redirect (%i)", status => {
  describe.each(Object.keys(HOPS))("from %s", hop => {
    test.each(Object.keys(SECRETS))("takes no %s to another origin, nor back", async name => {
      nothingEscapes();
      const { from, to, same } = HOPS[hop]!;
      const isUserinfo = name.startsWith("user");
      const start = isUserinfo ? from().replace("//", `//${CANARY}:${CANARY}@`) : from();
      for (const place of isUserinfo ? ["call"] : ["call", "client"]) {
        const client = clientWith(place === "client" ? SECRETS[name] : {});
        const recorded = recorder();
        // There and back again: what was left behind is not picked up.
        const url = start + via(status, to() + via(status, `${from()}/echo`));
        const response = await client.get(url, place === "call" ? SECRETS[name] : {});
        expect(response.history).toHaveLength(2);
        const texts = recorded().map(({ text }) => text);
        const withSecret = texts.filter(holdsSecret);
        if (same === undefined) expect(withSecret.length, texts.join("\n\n")).toBe(1);
        else expect(withSecret.length).toBe(3);
        expect(holdsSecret(withSecret[0]!) && withSecret[0]!.startsWith("GET /redirect")).toBe(true);
        expect(holdsSecret(response.url)).toBe(false);
        client.destroy();
      }
    });
  });
});

// Other schemes lead to files, to sockets of this machine, to nothing.
const NOWHERE = [
  "unix:/var/run/docker.sock",
  "unix:/var/run/docker.sock:/containers/json",
  "http+unix://%2Fvar%2Frun%2Fdocker.sock/x",
  "file:///etc/passwd",
  "file:/etc/passwd",
  "data:text/plain,hello",
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "blob:http://127.0.0.1/x",
  "ftp://127.0.0.1/x",
  "ws://127.0.0.1/x",
  "about:blank",
  "mailto:a@b.test",
];

test.each(NOWHERE)("%s is not followed, and nothing secret is told", async location => {
  nothingEscapes();
  const client = clientWith();
  const recorded = recorder();
  const error = await outcomeOf(client.get(plain.url + via(302, location), SECRETS.authorization));
  expect(error).toMatchObject({ code: "REDIRECT_REFUSED", phase: "redirect" });
  expect(recorded()).toHaveLength(1);
  expect(holdsSecret(inspect(error, { depth: 10 }) + JSON.stringify(error))).toBe(false);
  client.destroy();
});

const GARBAGE = [
  "http://",
  "http:///",
  "http://:80/",
  "http://?",
  "http://[::1",
  "http://[gg]/",
  "http://a b/",
  "http://127.0.0.1:99999/",
  "http://127.0.0.1:-1/",
  "http://256.256.256.256/",
  "http://a%00b/",
  "http://%20/",
  "https://\u00ad/",
];

test.each(GARBAGE)("%j is no URL, and said so", async location => {
  nothingEscapes();
  const client = clientWith();
  const recorded = recorder();
  const error = await outcomeOf(client.get(plain.url + via(302, location), SECRETS.authorization));
  expect((error as SkeinError).code, inspect(error)).toBe("INVALID_RESPONSE");
  expect(recorded()).toHaveLength(1);
  expect(holdsSecret(inspect(error, { depth: 10 }))).toBe(false);
  client.destroy();
});

// They look like paths to some, and like hosts to others (WHATWG URL: a backslash is a slash).
test.each([
  "//HOST/echo",
  "/\\HOST/echo",
  "\\\\HOST\\echo",
  "http:\\\\HOST\\echo",
  "\t//HOST/echo",
  "///HOST/echo",
])("%j leads to another origin, without what is secret", async location => {
  nothingEscapes();
  const client = clientWith();
  const recorded = recorder();
  const host = plain2.url.slice("http://".length);
  const options = { headers: { authorization: CANARY, "x-api-key": CANARY } };
  const response = await client.get(plain.url + via(302, location.replace("HOST", host)), options);
  expect(response.url).toBe(`${plain2.url}/echo`);
  expect(recorded().filter(({ text }) => holdsSecret(text))).toHaveLength(1);
  client.destroy();
});

test("user name and password in a Location are neither sent nor told", async () => {
  nothingEscapes();
  const client = clientWith();
  const recorded = recorder();
  const evil = (url: string) => url.replace("//", `//${CANARY}:${CANARY}@`);
  const elsewhere = await client.get(plain.url + via(302, evil(`${plain2.url}/echo`)));
  const here = await client.get(plain.url + via(302, evil(`${plain.url}/echo`)));
  expect([elsewhere.url, here.url]).toEqual([`${plain2.url}/echo`, `${plain.url}/echo`]);
  expect(recorded().filter(({ text }) => /^authorization: /im.test(text))).toEqual([]);
  const error = await outcomeOf(client.get(plain.url + via(302, evil("ftp://x.test/"))));
  expect(error).toBeInstanceOf(SkeinError);
  // The message names the request as well, whose own query is as it was given.
  expect(holdsSecret((error as SkeinError).reason)).toBe(false);
  client.destroy();
});

test("a loop over two origins ends, and takes nothing along", async () => {
  nothingEscapes();
  const client = clientWith();
  let loop = `${plain.url}/redirect-loop`;
  for (let i = 0; i < 6; i++) loop = (i % 2 ? plain : plain2).url + via(302, loop);
  const recorded = recorder();
  const error = await outcomeOf(client.get(loop, SECRETS.authorization));
  expect(error).toMatchObject({ code: "TOO_MANY_REDIRECTS" });
  expect(recorded()).toHaveLength(21);
  expect(recorded().filter(({ text }) => holdsSecret(text))).toHaveLength(1);
  client.destroy();
});
