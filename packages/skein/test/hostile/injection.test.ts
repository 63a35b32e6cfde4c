import { afterAll, beforeAll, describe, expect, test } from "@skein/testkit";
import {
  BearerAuth,
  Client,
  type ClientOptions,
  Headers,
  type RequestOptions,
} from "../../src/entry/node.ts";
import { LIMIT_MS, nothingEscapes, outcomeOf } from "./harness.ts";
import { type PlannedServer, plannedServer } from "./planned-server.ts";

let server: PlannedServer;
beforeAll(async () => {
  server = await plannedServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Every byte that could end something, and characters whose low bytes could, were they cut off. */
const CHARACTERS = [
  ...Array.from({ length: 0x21 }, (_, code) => String.fromCharCode(code)),
  ...Array.from({ length: 0x81 }, (_, code) => String.fromCharCode(0x7f + code)),
  ..."\u010a\u010d\u0120\u560a\u560d\u2028\ud800\udc0a\uff0f\uff1a\u0131\u017f",
  "\r\n",
  "\r\nevil: 1",
  "\r\n\r\nGET /evil HTTP/1.1\r\nhost: x\r\n\r\n",
];
const PLACES: readonly ((evil: string) => string)[] = [c => c, c => `a${c}`, c => `${c}b`, c => `a${c}b`];

/** The requests in what a connection received, each checked against RFC 9112's grammar; fails when there is a rest. */
function parseRequests(received: string): string[] {
  const requests: string[] = [];
  let rest = received;
  const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
  const head = new RegExp(
    `^${token} [\\x21-\\x7e]+ HTTP/1\\.1\\r\\n(?:${token}: (?:[\\x21-\\x7e\\x80-\\xff]+(?:[ \\t]+[\\x21-\\x7e\\x80-\\xff]+)*)?\\r\\n)+\\r\\n`,
  );
  while (rest !== "") {
    const match = head.exec(rest)?.[0];
    expect(match, `no request: ${JSON.stringify(rest.slice(0, 200))}`).toBeDefined();
    expect(match!.match(/^host:/gim)).toHaveLength(1);
    const length = Number(/^content-length: (\d+)\r$/im.exec(match!)?.[1] ?? 0);
    requests.push(rest.slice(0, match!.length + length));
    rest = rest.slice(match!.length + length);
  }
  return requests;
}

/** Makes the calls one after the other on one connection; as many requests as succeeded must have been received. */
async function expectNoneInjected(
  makers: Iterable<(client: Client) => PromiseLike<unknown>>,
  options: ClientOptions = {},
): Promise<string[]> {
  nothingEscapes();
  const client = new Client({ retry: false, timeout: "5s", limits: { maxConnections: 1 }, ...options });
  const before = (await server.received()).length;
  let succeeded = 0;
  for (const make of makers) {
    const outcome = await outcomeOf(
      (async () => {
        await make(client);
        return "sent";
      })(),
    );
    if (outcome === "sent") succeeded += 1;
  }
  client.destroy();
  const requests = (await server.received()).slice(before).flatMap(parseRequests);
  expect(requests).toHaveLength(succeeded);
  for (const request of requests) expect(request).not.toMatch(/^GET \/evil HTTP|^evil:/m);
  return requests;
}

/** A call with the evil in one field. */
type Field = (client: Client, text: string) => PromiseLike<unknown>;
const get = (client: Client, options: RequestOptions) => client.get(server.url, options);

const FIELDS: Readonly<Record<string, Field>> = {
  method: (client, text) => client.request(text, server.url),
  path: (client, text) => client.get(`${server.url}/${text}`),
  query: (client, text) => client.get(`${server.url}/?q=${text}`),
  fragment: (client, text) => client.get(`${server.url}/#${text}`),
  "user name": (client, text) => client.get(server.url.replace("//", `//${text}:secret@`)),
  password: (client, text) => client.get(server.url.replace("//", `//user:${text}@`)),
  port: (client, text) => client.get(`${server.url}${text}/`),
  "params' key": (client, text) => get(client, { params: { [text]: "1" } }),
  "params' value": (client, text) => get(client, { params: [["q", text]] }),
  "params as text": (client, text) => get(client, { params: text }),
  "header's name": (client, text) => get(client, { headers: { [text]: "1" } }),
  "header's value": (client, text) => get(client, { headers: { "x-a": text } }),
  host: (client, text) => get(client, { headers: { host: text } }),
  "content-type": (client, text) =>
    client.post(server.url, { form: { a: "1" }, headers: { "content-type": text } }),
  "content-length": (client, text) =>
    client.post(server.url, { content: "abc", headers: { "content-length": text } }),
  idempotencyKey: (client, text) => client.post(server.url, { idempotencyKey: text }),
  "form's key": (client, text) => client.post(server.url, { form: { [text]: "1" } }),
  "form's value": (client, text) => client.post(server.url, { form: { a: text } }),
  json: (client, text) => client.post(server.url, { json: { [text.slice(0, 2)]: text.slice(0, 2) } }),
  "bearer token": (client, text) => get(client, { auth: new BearerAuth(text) }),
  "basic user": (client, text) => get(client, { auth: [text, text] }),
  "cookie's name": (client, text) => get(client, { cookies: { [text]: "1" } }),
  "cookie's value": (client, text) => get(client, { cookies: { a: text } }),
};

test.each(Object.keys(FIELDS))(
  "%s: whatever is put into it, one well-formed request is sent, or none",
  { timeout: LIMIT_MS },
  async name => {
    const field = FIELDS[name]!;
    await expectNoneInjected(
      CHARACTERS.flatMap(c => PLACES.map(place => (client: Client) => field(client, place(c)))),
    );
  },
);

test.each(["headers", "params", "baseUrl"] as const)("the client's own %s", async name => {
  for (const c of CHARACTERS) {
    const text = `a${c}b`;
    const options: Record<typeof name, ClientOptions> = {
      headers: { headers: { "x-a": text } },
      params: { params: { a: text } },
      baseUrl: { baseUrl: `${server.url}/${text}/` },
    };
    const calls = [() => new Client(options[name]).get(name === "baseUrl" ? "x" : server.url)];
    await expectNoneInjected(calls);
  }
});

test("requests of a batch", async () => {
  const items = CHARACTERS.map(c => ({
    url: server.url,
    method: `G${c}`,
    headers: { "x-a": `a${c}b` },
    params: { q: c },
  }));
  await expectNoneInjected([
    client =>
      (async () => {
        for await (const task of client.batch(items, { concurrency: 1 })) {
          if (task.state === "succeeded") expect.unreachable("these methods are none");
        }
        await client.get(server.url);
      })(),
  ]);
});

describe.each([false, true])("a value that is text only when it is asked (evil at once: %s)", always => {
  const changing = (good: string) => {
    let asked = always ? 1 : 0;
    const text = () =>
      asked++ === 0 ? good : `${good}\r\nevil: 1\r\n\r\nGET /evil HTTP/1.1\r\nhost: x\r\n\r\n`;
    return { toString: text, valueOf: text, [Symbol.toPrimitive]: text, toUpperCase: text } as never;
  };
  const changingUrl = () => {
    let asked = 0;
    return {
      get href() {
        return asked++ === 0 ? server.url : `${server.url}/evil`;
      },
    } as never;
  };

  test.each<[string, () => (client: Client) => PromiseLike<unknown>]>([
    ["method", () => client => client.request(changing("GET"), server.url)],
    ["url", () => client => client.get(changingUrl())],
    ["url's text", () => client => client.get(changing(server.url))],
    ["header's value", () => client => get(client, { headers: { a: changing("1") } })],
    ["header's name", () => client => get(client, { headers: [[changing("a"), "1"]] })],
    ["params' value", () => client => get(client, { params: { a: changing("1") } })],
    ["params' key", () => client => get(client, { params: [[changing("a"), "1"]] })],
    ["form", () => client => client.post(server.url, { form: { a: changing("1") } })],
    ["idempotencyKey", () => client => client.post(server.url, { idempotencyKey: changing("k") })],
    [
      "idempotencyKey in a list",
      () => client => client.post(server.url, { idempotencyKey: ["k\r\nevil: 1"] as never }),
    ],
    ["bearer token", () => client => get(client, { auth: new BearerAuth(changing("t")) })],
    ["basic user", () => client => get(client, { auth: [changing("u"), changing("p")] })],
    ["cookie", () => client => get(client, { cookies: { a: changing("1") } })],
    ["Headers.with", () => client => get(client, { headers: Headers.empty.with("a", changing("1")) })],
    ["Headers.with's name", () => client => get(client, { headers: Headers.empty.with(changing("a"), "1") })],
  ])("as %s", async (_, make) => {
    await expectNoneInjected([make()]);
  });
});

test("a Host field given twice is refused: servers do not agree on which one counts", async () => {
  for (const headers of [
    { host: ["a.test", "b.test"] },
    [
      ["Host", "a.test"],
      ["host", "b.test"],
    ] as const,
  ]) {
    const requests = await expectNoneInjected([client => get(client, { headers: headers as never })]);
    expect(requests).toEqual([]);
  }
});

test("methods are sent in upper case, and say that they have no body where one is expected", async () => {
  const requests = await expectNoneInjected(
    ["post", "Put", "PATCH"].map(method => (client: Client) => client.request(method, server.url)),
  );
  expect(requests.map(request => request.slice(0, 5))).toEqual(["POST ", "PUT /", "PATCH"]);
  for (const request of requests) expect(request).toContain("Content-Length: 0\r\n");
});

test("no name is special: __proto__, constructor and toString are keys like others", async () => {
  const odd = JSON.parse('{"__proto__": "1", "constructor": "2", "toString": "3"}');
  const fields = ["__proto__: 1", "constructor: 2", "toString: 3"];
  const [byHeader, byParams, byForm, byJson] = await expectNoneInjected([
    client => get(client, { headers: odd }),
    client => get(client, { params: odd }),
    client => client.post(server.url, { form: odd }),
    client => client.post(server.url, { json: odd }),
  ]);
  for (const field of fields) expect(byHeader).toContain(`\r\n${field}\r\n`);
  expect(byParams).toContain("/?__proto__=1&constructor=2&toString=3 ");
  expect(byForm).toMatch(/__proto__=1&constructor=2&toString=3$/);
  expect(byJson).toMatch(/\{"__proto__":"1","constructor":"2","toString":"3"\}$/);
  const client = new Client();
  for (const name of ["__proto__", "constructor", "toString"]) {
    const options = JSON.parse(`{"${name}": {"timeout": 1}}`);
    expect(() => new Client(options)).toThrow(`there is no option "${name}"`);
    await expect(client.get(server.url, options)).rejects.toThrow(`there is no option "${name}"`);
    await expect(client.get(server.url, { timeout: options })).rejects.toThrow(`no option "${name}"`);
  }
  const answer = `HTTP/1.1 200 OK\r\n__proto__: 1\r\nconstructor: 2\r\nContent-Length: 0\r\n\r\n`;
  const { headers } = await client.get(server.planned(answer));
  expect([headers.get("__proto__"), headers.get("constructor"), headers.get("toString")]).toEqual([
    "1",
    "2",
    null,
  ]);
  expect(Object.keys(headers.toJSON())).toEqual(["__proto__", "constructor", "content-length"]);
  client.destroy();
});

test("what is no URL at all is said so", async () => {
  const client = new Client();
  for (const url of [undefined, null, 5, {}, { href: 5 }, [], Symbol("url")]) {
    await expect(client.get(url as never)).rejects.toMatchObject({ code: "INVALID_URL" });
  }
  for (const method of [undefined, null, 5, {}]) {
    await expect(client.request(method as never, server.url)).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
  }
  client.destroy();
});
