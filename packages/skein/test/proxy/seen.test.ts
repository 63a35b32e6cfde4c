import {
  describe,
  expect,
  onTestFinished,
  originServer,
  proxyServer,
  scriptedServer,
  socksServer,
  test,
  testCertificates,
  tlsOriginServer,
} from "@skein/testkit";
import { Client, type ClientOptions, harRecorder, type TraceEvent } from "../../src/entry/node.ts";

const { ca } = testCertificates();

function clientWith(options: ClientOptions): Client {
  const client = new Client({ retry: false, timeout: "10s", tls: { ca }, ...options });
  onTestFinished(() => client.destroy());
  return client;
}

describe("what is seen of a proxy", () => {
  test("its step has a name in traces, and a time of its own", async () => {
    await using origin = await tlsOriginServer();
    await using proxy = await proxyServer({ certificate: "valid" });
    const events: TraceEvent[] = [];
    const har = harRecorder();
    const client = clientWith({
      proxy: { url: proxy.url.replace("127.0.0.1", "localhost"), tls: { ca } },
      trace: event => events.push(event),
    }).with(har.layer, { after: "retry" });
    const { timings } = await client.get(`${origin.url}/ok`);
    for (const phase of ["dns", "connect", "proxy", "tls"] as const)
      expect(timings[phase]).toBeGreaterThanOrEqual(0);
    expect(events.map(({ name }) => name).filter(name => name.startsWith("connection."))).toEqual(
      ["resolve_name", "connect_tcp", "setup_proxy", "start_tls"].flatMap(step => [
        `connection.${step}.started`,
        `connection.${step}.complete`,
      ]),
    );
    const { connect, ssl } = har.toJSON().log.entries[0]!.timings;
    expect(connect).toBeGreaterThanOrEqual(ssl + timings.proxy!);
    const second = await client.get(`${origin.url}/ok`);
    expect([second.reused, second.timings.proxy]).toEqual([true, undefined]);
  });

  test("a forward proxy takes no step; one that fails has failed in it", async () => {
    await using origin = await originServer();
    await using proxy = await proxyServer();
    expect((await clientWith({ proxy: proxy.url }).get(`${origin.url}/ok`)).timings.proxy).toBeUndefined();
    await using silent = await scriptedServer(() => undefined);
    const events: TraceEvent[] = [];
    const client = clientWith({
      proxy: silent.url,
      timeout: { connect: "150ms" },
      trace: event => events.push(event),
    });
    const error = await client.get("https://example.test/").catch(thrown => thrown);
    expect(error.timings.proxy).toBeGreaterThan(50);
    expect(error.timings.tls).toBeUndefined();
    expect(events.map(({ name }) => name)).toContain("connection.setup_proxy.failed");
  });

  test("a connection that breaks behind a forward proxy names it", async () => {
    await using proxy = await scriptedServer(async connection => {
      await connection.readHead();
      connection.reset();
    });
    await expect(clientWith({ proxy: proxy.url }).get("http://example.test/")).rejects.toMatchObject({
      code: "CONNECTION_RESET",
      message: expect.stringContaining(`connection reset by the proxy ${proxy.url}`),
    });
  });
});

describe("blockPrivateAddresses, with a proxy", () => {
  test("is about what we connect to: the proxy, unless it is excepted", async () => {
    await using origin = await originServer();
    await using proxy = await proxyServer();
    const refused = clientWith({ proxy: proxy.url, blockPrivateAddresses: true });
    await expect(refused.get(`${origin.url}/ok`)).rejects.toMatchObject({
      code: "ADDRESS_BLOCKED",
      retryable: false,
      message: expect.stringContaining(`the proxy ${proxy.url}: 127.0.0.1 is a private or reserved address`),
    });
    const allowed = clientWith({ proxy: proxy.url, blockPrivateAddresses: { except: ["127.0.0.1"] } });
    expect(await allowed.get(`${origin.url}/ok`).text()).toBe("ok");
  });

  test("is also about names that are looked up here, for socks5", async () => {
    await using proxy = await socksServer();
    const client = clientWith({
      proxy: `socks5://${proxy.address}`,
      blockPrivateAddresses: { except: ["127.0.0.1"] },
      lookup: (_, __, callback) => callback(null, "10.0.0.1", 4),
    });
    await expect(client.get("http://inside.test/")).rejects.toMatchObject({
      code: "ADDRESS_BLOCKED",
      message: expect.stringContaining("inside.test (10.0.0.1) is a private or reserved address"),
    });
    expect(proxy.connections).toBe(0);
  });
});

test("no byte of a control gets into what a proxy is told", () => {
  const controls = Array.from({ length: 0x20 }, (_, i) => String.fromCharCode(i)).concat("\x7f");
  for (const control of controls) {
    for (const url of ["http://p.test", "socks5://p.test"]) {
      expect(() => new Client({ proxy: { url, auth: [`a${control}b`, "c"] } })).toThrow(/control characters/);
      expect(() => new Client({ proxy: { url, auth: ["a", `c${control}b`] } })).toThrow(/control characters/);
    }
    const headers = { [`x${control}y`]: "a" };
    expect(() => new Client({ proxy: { url: "http://p.test", headers } })).toThrow(/header name/);
    if (control === "\t") continue;
    expect(() => new Client({ proxy: { url: "http://p.test", headers: { x: `a${control}b` } } })).toThrow(
      /header "x"/,
    );
  }
  // One that arrives encoded in a URL is decoded first.
  expect(() => new Client({ proxy: "http://a%0d%0ab:c@p.test" })).toThrow(/control characters/);
});
