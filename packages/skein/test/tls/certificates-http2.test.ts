import { once } from "node:events";
import { createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, expect, originServer, test, testCertificates } from "@skein/testkit";
import { Client, type SkeinError } from "../../src/entry/node.ts";
import { CASES, type Case, expectOutcome, outcome, shownBy, startProxy } from "./certificate-cases.ts";

const { ca } = testCertificates();

interface Http2Server extends AsyncDisposable {
  readonly port: number;
  /** What reached it: nothing of a client that refuses its certificate. */
  readonly requests: number;
}

/** A server of HTTP/2 alone, with a certificate of the matrix: who talks to it does so over HTTP/2. */
async function http2Server(facts: Case): Promise<Http2Server> {
  const sessions = new Set<ServerHttp2Session>();
  let requests = 0;
  const server = createSecureServer(shownBy(facts));
  server.on("session", session => sessions.add(session.on("error", () => {})));
  server.on("stream", (stream: ServerHttp2Stream) => {
    requests += 1;
    stream.on("error", () => {});
    stream.respond({ ":status": 200 });
    stream.end("ok");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get requests() {
      return requests;
    },
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** Whether what was accepted came over HTTP/2 is what `/ok` of a server of HTTP/2 alone shows; and its response says so. */
async function expectHttp2(client: Client, url: string, facts: Case): Promise<void> {
  expectOutcome(await outcome(client, url), facts);
  if (facts.refused === undefined) expect((await client.get(url)).httpVersion).toBe("2");
  else expectOutcome(await outcome(client, url), facts);
}

describe.each(Object.keys(CASES))("over HTTP/2, a certificate %s", name => {
  const facts = CASES[name]!;
  const { host = "localhost", tls = { ca } } = facts;

  test("called, and called again", async () => {
    await using server = await http2Server(facts);
    await using client = new Client({ http2: true, tls, retry: false });
    await expectHttp2(client, `https://${host}:${server.port}/ok`, facts);
    expect(server.requests).toBe(facts.refused ? 0 : 2);
  });

  test("where a redirect leads, with retries; and in a batch", async () => {
    await using server = await http2Server(facts);
    await using plain = await originServer();
    await using client = new Client({ http2: true, tls, retry: 2 });
    const at = `https://${host}:${server.port}/ok`;
    await expectHttp2(client, `${plain.url}/redirect/302?to=${encodeURIComponent(at)}`, facts);
    for await (const task of client.batch(Array.from({ length: 5 }, (_, i) => `${at}?i=${i}`)))
      expectOutcome(task.state === "succeeded" ? task.response.text() : (task.error as SkeinError), facts);
    if (facts.refused) expect(server.requests).toBe(0);
  });

  test.each(["http", "https", "socks5", "socks5h"])("inside the tunnel of a proxy of kind %s", async kind => {
    await using server = await http2Server(facts);
    const proxy = await startProxy(kind);
    await using client = new Client({ http2: true, tls, retry: 2, proxy: proxy.settings });
    await expectHttp2(client, `https://${host}:${server.port}/ok`, facts);
    expect(proxy.server.connections).toBeGreaterThan(0);
    if (facts.refused) expect(server.requests).toBe(0);
  });

  test("verify: false accepts it", async () => {
    await using server = await http2Server(facts);
    await using client = new Client({ http2: true, tls: { ...tls, verify: false }, retry: false });
    expect((await client.get(`https://${host}:${server.port}/ok`)).httpVersion).toBe("2");
  });
});
