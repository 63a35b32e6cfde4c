import {
  afterAll,
  beforeAll,
  describe,
  expect,
  onTestFinished,
  originServer,
  type RealProxy,
  realProxy,
  type ServerProcess,
  test,
  testBytes,
  testCertificates,
  tlsOriginServer,
} from "@skein/testkit";
import { Client, type ClientOptions, type ProxySettings } from "../../src/entry/node.ts";

const { ca } = testCertificates();

function clientWith(options: ClientOptions): Client {
  const client = new Client({ retry: false, timeout: "10s", tls: { ca }, ...options });
  onTestFinished(() => client.destroy());
  return client;
}

/** Each proxy of Debian's, by the schemes that lead to it. */
const PROXIES: readonly [kind: RealProxy, schemes: readonly string[]][] = [
  ["squid", ["http"]],
  ["squid-tls", ["https"]],
  ["tinyproxy", ["http"]],
  ["microsocks", ["socks5", "socks5h"]],
  ["danted", ["socks5", "socks5h"]],
];

describe.each(PROXIES)("%s", (kind, schemes) => {
  let proxy: ServerProcess;
  beforeAll(async () => {
    proxy = await realProxy(kind);
  });
  afterAll(() => proxy?.close());

  const settings = (scheme: string, password = "secret"): ProxySettings => ({
    url: `${scheme}://127.0.0.1:${proxy.port}`,
    ...(kind !== "danted" && { auth: ["me", password] }),
    ...(scheme === "https" && { tls: { ca } }),
  });

  test.each(schemes)("as %s: http and https, bodies both ways, by name, in a batch", async scheme => {
    await using origin = await originServer();
    await using secure = await tlsOriginServer();
    const client = clientWith({ proxy: settings(scheme) });
    for (const { url } of [origin, secure]) {
      const named = url.replace("127.0.0.1", "localhost");
      expect(await client.get(`${url}/ok`).text()).toBe("ok");
      expect(await client.get(`${named}/ok`).text()).toBe("ok");
      const sent = (await client.post(`${url}/echo`, { content: testBytes(50_000) })).json() as {
        bodyBase64: string;
      };
      expect(Buffer.from(sent.bodyBase64, "base64")).toEqual(Buffer.from(testBytes(50_000)));
      expect((await client.get(`${url}/bytes/2000000`)).bytes()).toEqual(testBytes(2_000_000));
      expect(await client.get(`${url}/redirect-chain/3`).text()).toBe("ok");
    }
    const urls = Array.from({ length: 30 }, (_, i) => `${i % 2 ? origin.url : secure.url}/json?i=${i}`);
    for await (const task of client.batch(urls)) expect(task.state).toBe("succeeded");
    for (const seen of [...origin.requests, ...secure.requests])
      expect(JSON.stringify(seen.headers)).not.toMatch(/proxy-auth/i);
  });

  test.each(kind === "danted" ? [] : schemes)("as %s: other credentials are refused", async scheme => {
    await using origin = await originServer();
    await using secure = await tlsOriginServer();
    const client = clientWith({ proxy: settings(scheme, "wrong") });
    // Tinyproxy answers for the server here: with 401, by which nobody could tell the two apart.
    if (kind === "tinyproxy") expect((await client.get(`${origin.url}/ok`)).status).toBe(401);
    else await expect(client.get(`${origin.url}/ok`)).rejects.toMatchObject({ code: "PROXY_REFUSED" });
    await expect(client.get(`${secure.url}/ok`)).rejects.toMatchObject({
      name: "ProxyError",
      code: "PROXY_REFUSED",
      status: kind.startsWith("squid") ? 407 : kind === "tinyproxy" ? 401 : undefined,
    });
    expect([origin.requestCount, secure.requestCount]).toEqual([0, 0]);
  });

  test.each(schemes)("as %s: a server that is not there", async scheme => {
    const client = clientWith({ proxy: settings(scheme) });
    await expect(client.get("https://127.0.0.1:1/")).rejects.toMatchObject({
      name: "ProxyError",
      requestSent: "none",
      message: expect.stringContaining(
        `the proxy ${scheme}://127.0.0.1:${proxy.port}, asked for 127.0.0.1:1: `,
      ),
    });
  });

  test.each(schemes)("as %s: HTTP/2 inside of a tunnel", async scheme => {
    const { cert, key } = testCertificates().valid;
    const { createSecureServer } = await import("node:http2");
    const server = createSecureServer({ cert, key }, (request, response) =>
      response.end(request.httpVersion),
    );
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const client = clientWith({ proxy: settings(scheme), http2: true });
    const urls = Array.from({ length: 50 }, (_, i) => `https://127.0.0.1:${port}/${i}`);
    const texts = await Promise.all(urls.map(url => client.get(url).text()));
    expect(new Set(texts)).toEqual(new Set(["2.0"]));
    client.destroy();
  });
});
