import { connect } from "node:net";
import {
  describe,
  expect,
  onTestFinished,
  originServer,
  proxyServer,
  scriptedServer,
  test,
  testCertificates,
  tlsOriginServer,
  vi,
} from "@skein/testkit";
import {
  Client,
  type ClientOptions,
  harRecorder,
  httpTransport,
  type TraceEvent,
} from "../../src/entry/node.ts";
import { environmentProxies } from "../../src/runtime/node/proxy/proxy-environment.ts";

const { ca } = testCertificates();

function clientWith(options: ClientOptions): Client {
  const client = new Client({ retry: false, timeout: "10s", tls: { ca }, ...options });
  onTestFinished(() => client.destroy());
  return client;
}

async function proxies(...auths: (string | undefined)[]) {
  const servers = await Promise.all(auths.map(auth => proxyServer(auth === undefined ? {} : { auth })));
  onTestFinished(async () => {
    await Promise.all(servers.map(server => server.close()));
  });
  return servers;
}

describe("a list of proxies", () => {
  test("takes turns, a connection each; a connection stays with its proxy", async () => {
    await using origin = await originServer();
    const list = await proxies(undefined, undefined, undefined);
    const client = clientWith({ proxy: list.map(({ url }) => url) });
    await Promise.all(Array.from({ length: 9 }, () => client.get(`${origin.url}/delay/100`)));
    expect(list.map(({ connections }) => connections)).toEqual([3, 3, 3]);
    await Promise.all(Array.from({ length: 9 }, () => client.get(`${origin.url}/delay/20`)));
    expect(list.map(({ connections }) => connections)).toEqual([3, 3, 3]);
  });

  test("passes over those that can't be used, and tells of the first when all fail", async () => {
    await using origin = await tlsOriginServer();
    const [good, strict] = await proxies(undefined, "a:b");
    await using broken = await scriptedServer(connection => connection.reset());
    const bad = ["http://127.0.0.1:1", strict!.url, broken.url, "socks5://127.0.0.1:1"];
    const client = clientWith({ proxy: [...bad, good!.url], limits: { maxKeepAlive: 0 } });
    for (let i = 0; i < 6; i++) expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
    expect(good!.tunnels).toHaveLength(6);
    await expect(clientWith({ proxy: bad }).get(`${origin.url}/ok`)).rejects.toMatchObject({
      code: "PROXY_FAILED",
      message: expect.stringMatching(
        /the proxy http:\/\/127\.0\.0\.1:1: connection refused.*; 3 more proxies failed, too/,
      ),
    });
  });

  test("does not wait for one that hangs: the next is tried beside it, and what is slow may still be the first", async () => {
    await using origin = await tlsOriginServer();
    const [good] = await proxies(undefined);
    await using hung = await scriptedServer(({ socket }) => void socket.once("end", () => socket.end()));
    const began = performance.now();
    const client = clientWith({ proxy: [hung.url, hung.url, good!.url], timeout: { connect: "5s" } });
    expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
    expect(performance.now() - began).toBeGreaterThan(1_900);
    expect(performance.now() - began).toBeLessThan(4_500);
    // Those that lost are let go of.
    await expect.poll(() => hung.openConnections).toBe(0);
    // One that answers after its turn is as good, where the others are no good at all.
    await using slow = await scriptedServer(async connection => {
      await connection.readHead();
      await new Promise(resolve => setTimeout(resolve, 1_300));
      const server = connect(origin.port, "127.0.0.1").on("error", () => {});
      await connection.write("HTTP/1.1 200 OK\r\n\r\n");
      connection.socket.pipe(server).pipe(connection.socket);
    });
    const patient = clientWith({ proxy: [slow.url, "http://127.0.0.1:1"] });
    expect(await patient.get(`${origin.url}/ok`).text()).toBe("ok");
    // All hang: the connect timeout ends it, and leaves nothing open.
    const hopeless = clientWith({ proxy: [hung.url, hung.url], timeout: { connect: "1300ms" } });
    await expect(hopeless.get(`${origin.url}/ok`)).rejects.toMatchObject({ code: "CONNECT_TIMEOUT" });
    await expect.poll(() => hung.openConnections).toBe(0);
  });

  test("tells each its own credentials, and nobody else; messages, traces, logs and archives have none", async () => {
    await using origin = await originServer();
    await using secure = await tlsOriginServer();
    const list = await proxies("ann:s3cret-a", "bob:s3cret-b", "carl:other");
    const auths = [
      ["ann", "s3cret-a"],
      ["bob", "s3cret-b"],
      ["carl", "s3cret-c"],
    ] as const;
    const shown: unknown[] = [];
    const log = (...args: unknown[]) => void shown.push(args);
    const har = harRecorder({ bodies: true });
    const client = clientWith({
      proxy: list.map(({ url }, i) => ({ url, auth: auths[i]! })),
      trace: (event: TraceEvent) => shown.push(event),
      logger: { debug: log, info: log, warn: log, error: log },
      limits: { maxKeepAlive: 0 },
    }).with(har.layer, { after: "retry" });
    for (let i = 0; i < 6; i++) {
      const failed = await client.get(`${i < 3 ? origin.url : secure.url}/ok`).catch(error => error);
      shown.push(failed, failed.message, String(failed.cause));
    }
    const tokens = auths.map(([name, password]) => btoa(`${name}:${password}`));
    for (const [i, { received }] of list.entries()) {
      expect(received.length).toBeGreaterThan(0);
      for (const text of received) {
        expect(text.split("Proxy-Authorization:")).toHaveLength(2);
        expect(tokens.map(token => text.includes(token))).toEqual(tokens.map((_, k) => k === i));
      }
    }
    for (const seen of [...origin.requests, ...secure.requests])
      expect(JSON.stringify(seen)).not.toMatch(/proxy-auth/i);
    expect([...origin.requests, ...secure.requests]).not.toHaveLength(0);
    expect(JSON.stringify([shown, har])).not.toMatch(new RegExp(`s3cret|${tokens.join("|")}`));
  });
});

test("credentials follow no redirect: neither past the proxy nor around it", async () => {
  await using elsewhere = await originServer();
  await using origin = await originServer();
  const [proxy] = await proxies("me:s3cret");
  const client = clientWith({
    proxy: { url: proxy!.url, auth: ["me", "s3cret"], noProxy: `127.0.0.1:${elsewhere.port}` },
  });
  const to = encodeURIComponent(`${elsewhere.url}/echo`);
  const response = await client.get(`${origin.url}/redirect/307?to=${to}`);
  expect(response.status).toBe(200);
  expect(proxy!.forwarded).toHaveLength(1);
  expect(JSON.stringify([...origin.requests, ...elsewhere.requests])).not.toMatch(/proxy-auth/i);
});

test("a request that brings its own Proxy-Authorization is not sent on: it would reach the server", async () => {
  await using origin = await originServer();
  await using secure = await tlsOriginServer();
  const [proxy] = await proxies(undefined);
  const client = clientWith({ proxy: proxy!.url });
  for (const { url } of [origin, secure]) {
    const call = client.get(`${url}/ok`, { headers: { "Proxy-Authorization": "Basic x" } });
    await expect(call).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringContaining("give it as proxy: { url, auth }"),
    });
  }
  expect([origin.requestCount, secure.requestCount]).toEqual([0, 0]);
});

test("fields for the proxy go there, and no further", async () => {
  await using origin = await originServer();
  await using secure = await tlsOriginServer();
  const [proxy] = await proxies(undefined);
  const client = clientWith({ proxy: { url: proxy!.url, headers: { "X-Zone": "eu" } } });
  await client.get(`${secure.url}/ok`);
  expect(proxy!.received[0]).toMatch(
    /^CONNECT 127\.0\.0\.1:\d+ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nX-Zone: eu\r\n\r\n/,
  );
  expect(secure.requests[0]?.header("x-zone")).toBeUndefined();
  await client.get(`${origin.url}/ok?a=b`);
  expect(proxy!.received[1]).toMatch(
    new RegExp(`^GET ${origin.url}/ok\\?a=b HTTP/1.1\\r\\nHost: 127.*X-Zone: eu\\r\\n\\r\\n$`, "s"),
  );
});

test("by scheme, with exceptions, and none at all", async () => {
  await using origin = await originServer();
  await using secure = await tlsOriginServer();
  const [proxy] = await proxies(undefined);
  const at = proxy!.url;
  const reached = async (option: ClientOptions["proxy"]) => {
    const before = proxy!.connections;
    const client = clientWith({ proxy: option });
    await client.get(`${origin.url}/ok`);
    const plain = proxy!.connections - before;
    await client.get(`${secure.url}/ok`);
    return [plain, proxy!.connections - before - plain];
  };
  expect(await reached(at)).toEqual([1, 1]);
  expect(await reached(new URL(at))).toEqual([1, 1]);
  expect(await reached({ http: at })).toEqual([1, 0]);
  expect(await reached({ https: [at] })).toEqual([0, 1]);
  expect(await reached({ http: null, https: { url: at } })).toEqual([0, 1]);
  expect(await reached({ url: at, noProxy: `127.0.0.1:${origin.port}` })).toEqual([0, 1]);
  expect(await reached({ url: at, noProxy: "127.0.0.0/8" })).toEqual([0, 0]);
  vi.stubEnv("http_proxy", at);
  expect(await reached(null)).toEqual([0, 0]);
  expect(await reached(false)).toEqual([0, 0]);
});

test("by origin: mounts of connections with proxies of their own, and each hop of a redirect takes its own way", async () => {
  await using origin = await originServer();
  await using secure = await tlsOriginServer();
  const [first, second] = await proxies("a:b", undefined);
  await using client = new Client({
    retry: false,
    proxy: second!.url,
    mounts: {
      "https://": httpTransport({
        proxy: { url: first!.url, auth: ["a", "b"] },
        tls: { ca },
        limits: { maxConnections: 2 },
      }),
    },
  });
  const to = encodeURIComponent(`${secure.url}/ok`);
  expect(await client.get(`${origin.url}/redirect/302?to=${to}`).text()).toBe("ok");
  expect([first!.tunnels.length, second!.forwarded.length]).toEqual([1, 1]);
  await Promise.all(Array.from({ length: 6 }, () => client.get(`${secure.url}/delay/20`)));
  expect(first!.connections).toBe(2);
  expect(second!.received.join("")).not.toMatch(/proxy-auth/i);
  await client.close();
  await expect.poll(() => secure.openConnections).toBe(0);
  expect(() => httpTransport({ retry: 1 } as object)).toThrow(/httpTransport: there is no option "retry"/);
  expect(() => httpTransport({ limits: { maxConnections: 0 } })).toThrow(/limits\.maxConnections/);
});

describe("the environment", () => {
  const P = "http://proxy.test:3128";
  const Q = "http://other.test:3128";
  test.each<[string, Record<string, string>, string[], string[]]>([
    ["nothing", {}, [], []],
    ["lower case", { http_proxy: P, https_proxy: Q }, [P], [Q]],
    ["upper case", { HTTP_PROXY: P, HTTPS_PROXY: Q }, [P], [Q]],
    ["both: lower case wins", { http_proxy: P, HTTP_PROXY: Q, https_proxy: P, HTTPS_PROXY: Q }, [P], [P]],
    ["all", { ALL_PROXY: P }, [P], [P]],
    ["all, and one that is closer", { all_proxy: P, HTTPS_PROXY: Q }, [P], [Q]],
    ["empty is none, all or not", { http_proxy: "", HTTP_PROXY: P, ALL_PROXY: Q }, [], [Q]],
    [
      "CGI: HTTP_PROXY is a client's field",
      { HTTP_PROXY: P, HTTPS_PROXY: P, REQUEST_METHOD: "GET" },
      [],
      [P],
    ],
    ["CGI: http_proxy is not", { http_proxy: P, REQUEST_METHOD: "GET" }, [P], []],
    ["no scheme", { http_proxy: "proxy.test:3128" }, [P], []],
    ["credentials, and blanks around", { https_proxy: " http://me:pw@proxy.test:3128/ " }, [], [P]],
    [
      "SOCKS",
      { ALL_PROXY: "socks5h://127.0.0.1" },
      ["socks5h://127.0.0.1:1080"],
      ["socks5h://127.0.0.1:1080"],
    ],
  ])("%s", (_, environment, http, https) => {
    const found = environmentProxies(environment);
    expect(found.http.map(({ name }) => name)).toEqual(http.map(text => text.replace(/\/$/, "")));
    expect(found.https.map(({ name }) => name)).toEqual(https);
  });

  test("a value that is none is told, without its password", () => {
    expect(() => environmentProxies({ ALL_PROXY: "socks://me:hunter2@127.0.0.1:1" })).toThrow(
      /environment variable ALL_PROXY: a proxy of scheme "socks" can't be used.*trustEnv: false/,
    );
    expect(() => environmentProxies({ http_proxy: "http://me:hunter2@:80" })).toThrow(
      /^(?!.*hunter2).*http_proxy/,
    );
  });

  test("is heeded unless trustEnv is false; this machine is never reached through it", async () => {
    await using origin = await originServer();
    const [proxy] = await proxies(undefined);
    const lookup: ClientOptions["lookup"] = (_, __, callback) => callback(null, "127.0.0.1", 4);
    vi.stubEnv("http_proxy", proxy!.url);
    const trusting = clientWith({ lookup });
    const url = `http://name.test:${origin.port}/ok`;
    await trusting.get(url);
    await trusting.get(`${origin.url}/ok`);
    await trusting.get(`http://localhost:${origin.port}/ok`);
    await clientWith({ lookup, trustEnv: false }).get(url);
    expect(proxy!.forwarded).toEqual([url]);
    vi.stubEnv("NO_PROXY", ".test");
    vi.stubEnv("no_proxy", undefined);
    await clientWith({ lookup }).get(url);
    await trusting.get(url);
    expect(proxy!.forwarded).toEqual([url, url]);
  });
});

test.each<[string, unknown, RegExp]>([
  ["no URL", "http://", /proxy: expected a proxy's URL/],
  ["a path", "http://proxy.test/path", /proxy: expected a proxy's URL/],
  [
    "another scheme",
    "ftp://proxy.test",
    /scheme "ftp" can't be used; expected http, https, socks5 or socks5h/,
  ],
  ["a number", 3128, /proxy: expected a URL/],
  ["an empty list", [], /proxy: the list is empty/],
  ["one of a list", ["http://a.test", "gopher://b"], /proxy\[1\]: a proxy of scheme "gopher"/],
  [
    "an unknown scheme of URLs",
    { http: "http://a", htps: "http://b" },
    /proxy: there is no option "htps"; did you mean "https"/,
  ],
  ["an unknown setting", { url: "http://a", user: "b" }, /proxy: there is no option "user"/],
  ["credentials twice", { url: "http://a:b@c", auth: ["a", "b"] }, /leave one of them out/],
  ["auth that is text", { url: "http://c", auth: "a:b" }, /proxy\.auth: expected \[username, password\]/],
  ["a name with a colon", { url: "http://c", auth: ["a:b", "c"] }, /can't hold a colon/],
  ["a line break in a field", { url: "http://c", headers: { a: "b\r\nc: d" } }, /proxy\.headers: header "a"/],
  ["Host", { url: "http://c", headers: { Host: "d" } }, /"Host" is set by the client/],
  ["fields for SOCKS", { url: "socks5://c", headers: { a: "b" } }, /SOCKS has no fields/],
  ["TLS for a proxy without", { url: "http://c", tls: {} }, /proxy\.tls: is for proxies that speak TLS/],
  ["an empty name for SOCKS", { url: "socks5://c", auth: ["", "b"] }, /1 to 255 bytes/],
  ["noProxy that is a list", { url: "http://c", noProxy: ["a"] }, /proxy\.noProxy: expected text/],
])("refused: %s", (_, proxy, message) => {
  expect(() => new Client({ proxy: proxy as string })).toThrow(message);
});

test("what does not go together is refused, and what belongs to connections stays with them", () => {
  expect(() => new Client({ proxy: "http://a", socketPath: "/run/x.sock" })).toThrow(/proxy: socketPath/);
  expect(() => new Client({ trustEnv: "no" as unknown as boolean })).toThrow(
    /trustEnv: expected true or false/,
  );
  const client = clientWith({});
  expect(() => client.extend({ proxy: "http://a" } as object)).toThrow(/"proxy" belongs to the connections/);
  vi.stubEnv("http_proxy", "nonsense://");
  expect(() => new Client()).toThrow(/http_proxy/);
  clientWith({ socketPath: "/run/x.sock" });
});
