import {
  expect,
  onTestFinished,
  originServer,
  test,
  testCertificates,
  tlsOriginServer,
} from "@skein/testkit";
import { Client, type ClientOptions } from "../src/entry/node.ts";

async function start(options: ClientOptions = {}) {
  const [origin, other, secure] = await Promise.all([originServer(), originServer(), tlsOriginServer()]);
  const client = new Client({ timeout: "10s", tls: { ca: testCertificates().ca }, ...options });
  onTestFinished(async () => {
    await client.close();
    await Promise.all([origin.close(), other.close(), secure.close()]);
  });
  return { origin, other, secure, client };
}

const to = (status: number, url: string) => `/redirect/${status}?to=${encodeURIComponent(url)}`;
const secrets = {
  authorization: "Bearer x",
  cookie: "a=1",
  "x-api-key": "k",
  "proxy-authorization": "Basic x",
};

test("20 redirects are followed on one connection, the 21st is an error", async () => {
  const { origin, client } = await start();
  const response = await client.get(`${origin.url}/redirect-chain/20`);
  expect([response.text(), response.url, response.history.length]).toEqual(["ok", `${origin.url}/ok`, 20]);
  expect(response.history[0]?.url).toBe(`${origin.url}/redirect-chain/20`);
  expect(origin.connections).toBe(1);
  const error = await client.get(`${origin.url}/redirect-chain/21`).catch(failure => failure);
  expect(error).toMatchObject({
    code: "TOO_MANY_REDIRECTS",
    message: expect.stringContaining("more than 20 redirects"),
  });
});

test.each([301, 302, 303, 307, 308])(
  "%i: credentials stay with their origin, and are not restored on the way back",
  async status => {
    const { origin, other, client } = await start();
    const path = to(status, other.url + to(status, `${origin.url}/echo`));
    const response = await client.get(origin.url + path, {
      headers: { ...secrets, "accept-language": "de" },
    });
    expect(response.history).toHaveLength(2);
    for (const [name, value] of Object.entries(secrets)) {
      expect(origin.requests[0]?.header(name)).toBe(value);
      expect(other.requests[0]?.header(name)).toBeUndefined();
      expect(origin.requests[1]?.header(name)).toBeUndefined();
    }
    expect(origin.requests[1]?.header("accept-language")).toBe("de");
    expect(other.requests[0]?.header("host")).toBe(`127.0.0.1:${other.port}`);
  },
);

test("on the same origin, they go on", async () => {
  const { origin, client } = await start();
  await client.get(origin.url + to(302, "/echo"), { headers: secrets });
  expect(origin.requests[1]?.header("authorization")).toBe("Bearer x");
});

test("the method and the body, as they arrive", async () => {
  const { origin, client } = await start();
  const echoed = async (status: number) => {
    const response = await client.post(origin.url + to(status, "/echo"), { json: { a: 1 } });
    const { method, body, headers } = response.json<{
      method: string;
      body: string;
      headers: [string, string][];
    }>();
    return [method, body, headers.filter(([name]) => /^content-/i.test(name)).length];
  };
  for (const status of [301, 302, 303]) expect(await echoed(status)).toEqual(["GET", "", 0]);
  for (const status of [307, 308]) expect(await echoed(status)).toEqual(["POST", '{"a":1}', 2]);
});

test("a body that was a stream can't be sent again", async () => {
  const { origin, client } = await start();
  async function* content() {
    yield new TextEncoder().encode("once");
  }
  const error = await client
    .post(origin.url + to(307, "/echo"), { content: content() })
    .catch(failure => failure);
  expect(error.code).toBe("BODY_NOT_REPLAYABLE");
  expect((await client.post(origin.url + to(303, "/ok"), { content: content() })).text()).toBe("ok");
});

test("from http to https is followed, from https to http refused", async () => {
  const { origin, secure, client } = await start();
  expect((await client.get(origin.url + to(302, `${secure.url}/ok`))).url).toBe(`${secure.url}/ok`);
  const error = await client.get(secure.url + to(302, `${origin.url}/ok`)).catch(failure => failure);
  expect(error.code).toBe("REDIRECT_REFUSED");
  expect(origin.requests.map(request => request.target)).not.toContain("/ok");
});

test("with `downgrade`, from https to http is followed, without credentials", async () => {
  const { origin, secure, client } = await start({ redirect: { downgrade: true } });
  const response = await client.get(secure.url + to(302, `${origin.url}/ok`), { headers: secrets });
  expect(response.text()).toBe("ok");
  for (const name of Object.keys(secrets)) expect(origin.requests[0]?.header(name)).toBeUndefined();
});

test.each(["ftp://x/", "file:///etc/passwd", "javascript:alert(1)"])("%s is not followed", async location => {
  const { origin, client } = await start();
  const error = await client.get(origin.url + to(302, location)).catch(failure => failure);
  expect(error.code).toBe("REDIRECT_REFUSED");
});

test("redirect: false gives the redirecting response itself", async () => {
  const { origin, client } = await start();
  const response = await client.get(`${origin.url}/redirect-loop`, { redirect: false });
  expect([response.status, response.headers.get("location"), response.history.length]).toEqual([
    302,
    "/redirect-loop",
    0,
  ]);
});

test("a streamed call uses the connection of its redirect again", async () => {
  const { origin, client } = await start();
  const stream = await client.stream(origin.url + to(302, "/bytes/100000"));
  let length = 0;
  for await (const chunk of stream.chunks()) length += chunk.length;
  expect([length, origin.connections]).toEqual([100_000, 1]);
});
