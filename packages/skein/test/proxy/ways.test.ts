import {
  describe,
  expect,
  onTestFinished,
  originServer,
  proxyServer,
  socksServer,
  test,
  testBytes,
  testCertificates,
  tlsOriginServer,
} from "@skein/testkit";
import { Client, type ClientOptions } from "../../src/entry/node.ts";

const { ca } = testCertificates();

function clientWith(options: ClientOptions): Client {
  const client = new Client({ retry: false, timeout: "10s", tls: { ca }, ...options });
  onTestFinished(() => client.destroy());
  return client;
}

const KINDS = ["http", "https", "socks5", "socks5h"] as const;
type Kind = (typeof KINDS)[number];

/** A proxy of that kind, that asks for credentials. */
async function start(kind: Kind, auth: string | undefined = "me:p@ss") {
  const options = auth === undefined ? {} : { auth };
  if (kind === "http" || kind === "https") {
    const server = await proxyServer(kind === "https" ? { ...options, certificate: "valid" } : options);
    onTestFinished(() => server.close());
    return {
      server,
      reached: () => [...server.tunnels, ...server.forwarded],
      at: `${kind}://127.0.0.1:${server.port}`,
    };
  }
  const server = await socksServer(options);
  onTestFinished(() => server.close());
  return { server, reached: () => [...server.destinations], at: `${kind}://${server.address}` };
}

function settings(kind: Kind, url: string) {
  return { url, auth: ["me", "p@ss"] as const, ...(kind === "https" && { tls: { ca } }) };
}

describe.each(KINDS)("through a proxy of kind %s", kind => {
  test.each(["http", "https"] as const)("to a server of %s, and the connection is kept", async scheme => {
    await using origin = await (scheme === "http" ? originServer() : tlsOriginServer());
    const { server, at } = await start(kind);
    const client = clientWith({ proxy: settings(kind, at) });
    const first = await client.get(`${origin.url}/echo?a=1`, { headers: { "x-mine": "1" } });
    const seen = first.json() as { target: string };
    expect(seen.target).toBe("/echo?a=1");
    expect((await client.post(`${origin.url}/echo`, { content: testBytes(100_000) })).status).toBe(200);
    expect((await client.get(`${origin.url}/bytes/3000000`)).bytes()).toEqual(testBytes(3_000_000));
    expect([server.connections, origin.requestCount]).toEqual([1, 3]);
    expect(origin.requests.every(request => request.header("proxy-authorization") === undefined)).toBe(true);
  });

  test("credentials in the URL, percent-encoded", async () => {
    await using origin = await tlsOriginServer();
    const { at } = await start(kind);
    const url = at.replace("//", "//me:p%40ss@");
    expect(
      await clientWith({ proxy: { url, ...(kind === "https" && { tls: { ca } }) } })
        .get(`${origin.url}/ok`)
        .text(),
    ).toBe("ok");
  });

  test("who looks names up", async () => {
    await using origin = await originServer();
    const { reached, at } = await start(kind);
    const asked: string[] = [];
    const client = clientWith({
      proxy: settings(kind, at),
      lookup: (host, _, callback) => {
        asked.push(host);
        callback(null, "127.0.0.1", 4);
      },
    });
    expect(await client.get(`http://name.test:${origin.port}/ok`).text()).toBe("ok");
    expect(asked).toEqual(kind === "socks5" ? ["name.test"] : []);
    const host = kind === "socks5" ? "127.0.0.1" : "name.test";
    expect(reached()[0]).toContain(`${host}:${origin.port}`);
    expect(origin.requests[0]?.header("host")).toBe(`name.test:${origin.port}`);
  });

  test("wrong credentials, and none", async () => {
    await using origin = await originServer();
    await using secure = await tlsOriginServer();
    const { at } = await start(kind);
    for (const auth of [{ auth: ["me", "wrong"] as const }, {}]) {
      for (const url of [origin.url, secure.url]) {
        const client = clientWith({ proxy: { ...settings(kind, at), auth: undefined, ...auth } });
        await expect(client.get(`${url}/ok`)).rejects.toMatchObject({
          name: "ProxyError",
          code: "PROXY_REFUSED",
          phase: "proxy",
          retryable: false,
          status: kind.startsWith("http") ? 407 : undefined,
          message: expect.stringContaining(`the proxy ${at}`),
        });
      }
    }
    expect([origin.requestCount, secure.requestCount]).toEqual([0, 0]);
  });

  test("what is cancelled while it waits for the proxy leaves nothing open", async () => {
    await using origin = await tlsOriginServer();
    const { server, at } = await start(kind);
    const client = clientWith({ proxy: settings(kind, at) });
    const call = client.get(`${origin.url}/hang`);
    call.cancel();
    await expect(call).rejects.toMatchObject({ code: "ABORTED" });
    expect(server.connections).toBeLessThan(2);
    expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
  });

  test("redirects, a retry and a batch", async () => {
    await using origin = await originServer();
    await using secure = await tlsOriginServer();
    const { reached, at } = await start(kind);
    const client = clientWith({ proxy: settings(kind, at), retry: 2 });
    const to = encodeURIComponent(`${secure.url}/ok`);
    expect(await client.get(`${origin.url}/redirect/302?to=${to}`).text()).toBe("ok");
    expect(await client.get(`${secure.url}/flaky/${kind}/1`).text()).toBeDefined();
    const urls = Array.from({ length: 20 }, (_, i) => `${i % 2 ? origin.url : secure.url}/ok?i=${i}`);
    const states: string[] = [];
    for await (const task of client.batch(urls)) states.push(task.state);
    expect(states).toEqual(urls.map(() => "succeeded"));
    const ports = new Set(reached().map(place => /:(\d+)(\/|$)/.exec(place)?.[1]));
    expect(ports).toEqual(new Set([String(origin.port), String(secure.port)]));
  });
});
