import {
  describe,
  expect,
  haproxyServer,
  onTestFinished,
  originServer,
  test,
  testCertificates,
} from "@skein/testkit";
import { Client, type ClientOptions } from "../../src/entry/node.ts";

const FRONTS = [
  ["HTTP/1.1", undefined, "1.1"],
  ["HTTP/1.1 over TLS", "http/1.1", "1.1"],
  ["HTTP/2", "h2,http/1.1", "2"],
] as const;

function clientWith(options: ClientOptions = {}): Client {
  const tls = { ca: testCertificates().ca };
  const client = new Client({ http2: true, tls, retry: false, timeout: "10s", ...options });
  onTestFinished(() => client.destroy());
  return client;
}

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

describe.each(FRONTS)("HAProxy in front of a server: %s", (_, alpn, version) => {
  const behind = { ...(alpn !== undefined && { alpn }) };

  test("many calls at once, bodies both ways, a batch", async () => {
    await using origin = await originServer();
    await using front = await haproxyServer({ backend: origin.port, ...behind });
    const client = clientWith({ baseUrl: front.url });
    const responses = await Promise.all(Array.from({ length: 50 }, (_, i) => client.get(`/ok?i=${i}`)));
    for (const response of responses)
      expect([response.status, response.httpVersion, response.text()]).toEqual([200, version, "ok"]);
    const content = new Uint8Array(2_000_000).fill(7);
    const posted = await client.post("/echo", { content });
    expect(posted.status).toBe(200);
    for await (const task of client.batch(Array.from({ length: 200 }, (_, i) => `/ok?i=${i}`)))
      expect(task.state).toBe("succeeded");
  });

  test("that closes idle connections: each call after it goes well, also those that may not be repeated", async () => {
    await using origin = await originServer();
    await using front = await haproxyServer({
      backend: origin.port,
      ...behind,
      defaults: "timeout http-keep-alive 100ms\n  timeout client 100ms",
    });
    const client = clientWith({ baseUrl: front.url });
    for (let i = 0; i < 12; i++) {
      expect(await client.get("/ok").text()).toBe("ok");
      // About as long as it keeps them: some are closed just before, some just when the next call goes out.
      await pause(85 + 5 * i);
    }
    for (let i = 0; i < 3; i++) {
      expect((await client.post("/ok", { content: "x" })).status).toBe(200);
      await pause(250);
    }
    expect(origin.requestCount).toBeGreaterThanOrEqual(15);
  });

  test("that loses patience with the server answers 504, and with none behind it 503", async () => {
    await using origin = await originServer();
    await using front = await haproxyServer({
      backend: origin.port,
      ...behind,
      defaults: "timeout server 200ms",
    });
    const client = clientWith({ baseUrl: front.url });
    expect((await client.get("/delay/2000")).status).toBe(504);
    expect(await client.get("/ok").text()).toBe("ok");
    await using deserted = await haproxyServer({ backend: 1, ...behind });
    expect((await clientWith().get(`${deserted.url}/ok`)).status).toBe(503);
  });

  test("that loses patience with a slow request answers 408, while the request is still being sent", async () => {
    await using origin = await originServer();
    await using front = await haproxyServer({
      backend: origin.port,
      ...behind,
      defaults: "timeout http-request 200ms\n  option http-buffer-request",
    });
    const client = clientWith({ baseUrl: front.url });
    let abandoned = false;
    async function* slowly() {
      try {
        yield new Uint8Array(10);
        await pause(1_000);
        yield new Uint8Array(10);
      } finally {
        abandoned = true;
      }
    }
    expect((await client.post("/ok", { content: slowly() })).status).toBe(408);
    await expect.poll(() => abandoned, { timeout: 3_000 }).toBe(true);
    expect(await client.get("/ok").text()).toBe("ok");
  });

  test("that refuses a request itself: 403, and the next one goes well", async () => {
    await using origin = await originServer();
    await using front = await haproxyServer({
      backend: origin.port,
      ...behind,
      frontend: "http-request deny if { path /ok } { method POST }",
    });
    const client = clientWith({ baseUrl: front.url });
    // Over HTTP/1.1 it resets the connection when more comes than it has read, and its answer may be lost with that.
    const content = new Uint8Array(version === "2" ? 3_000_000 : 1_000);
    expect((await client.post("/ok", { content })).status).toBe(403);
    expect(await client.get("/ok").text()).toBe("ok");
    expect(origin.requestCount).toBe(1);
  });
});
