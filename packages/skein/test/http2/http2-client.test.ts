import { once } from "node:events";
import { writeFileSync } from "node:fs";
import {
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test, testCertificates, tlsOriginServer } from "@skein/testkit";
import { Client, type ClientOptions, type SkeinError } from "../../src/entry/node.ts";
import { readRows, runSkein, scratchDirectory } from "../run-skein.ts";

const { ca, valid } = testCertificates();

type Handler = (stream: ServerHttp2Stream, headers: Record<string, string>, server: Origin) => void;

interface Origin {
  readonly url: string;
  readonly sessions: ServerHttp2Session[];
  readonly streams: number;
  readonly server: Http2SecureServer;
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function http2Origin(handlers: Record<string, Handler>, options = {}): Promise<Origin> {
  const { cert, key } = valid;
  const server = createSecureServer({
    cert,
    key,
    allowHTTP1: true,
    maxSessionMemory: 100,
    maxSendHeaderBlockLength: 200_000,
    ...options,
  });
  const sessions: ServerHttp2Session[] = [];
  let streams = 0;
  server.on("session", session => sessions.push(session.on("error", () => {})));
  server.on("sessionError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const origin = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions,
    server,
    get streams() {
      return streams;
    },
  };
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    streams += 1;
    stream.on("error", () => {});
    const [, name = ""] = /^\/([^/?]*)/.exec(String(headers[":path"])) ?? [];
    (handlers[name] ?? HANDLERS[name] ?? HANDLERS.ok!)(stream, headers as Record<string, string>, origin);
  });
  return origin;
}

const HANDLERS: Record<string, Handler> = {
  ok: stream => {
    stream.respond({ ":status": 200, "content-type": "text/plain" });
    stream.end("ok");
  },
  echo: (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      stream.respond({ ":status": 200, "content-type": "application/json" });
      stream.end(JSON.stringify({ headers, body: Buffer.concat(chunks).toString("latin1") }));
    });
  },
  size: (stream, headers) => {
    const length = Number(headers[":path"]!.split("/")[2]);
    stream.respond({ ":status": 200, "content-length": length });
    stream.end(Buffer.alloc(length, "x"));
  },
  count: stream => {
    let bytes = 0;
    stream.on("data", chunk => {
      bytes += chunk.length;
    });
    stream.on("end", () => {
      stream.respond({ ":status": 200 });
      stream.end(String(bytes));
    });
  },
  hang: () => {},
};

function clientOf(options: ClientOptions = {}): Client {
  const client = new Client({ http2: true, tls: { ca }, retry: false, timeout: "10s", ...options });
  ends.push(() => client.destroy());
  return client;
}

describe("a call over HTTP/2", () => {
  test("is one of many over one connection", async () => {
    const origin = await http2Origin({});
    const client = clientOf();
    const response = await client.get(`${origin.url}/ok`);
    expect([response.status, response.text(), response.httpVersion]).toEqual([200, "ok", "2"]);
    const texts = await Promise.all(Array.from({ length: 200 }, () => client.get(`${origin.url}/ok`).text()));
    expect(texts).toEqual(Array(200).fill("ok"));
    expect(origin.sessions).toHaveLength(1);
    expect(origin.streams).toBe(201);
  });

  test("a burst waits for one connection", async () => {
    const origin = await http2Origin({});
    const client = clientOf();
    await Promise.all(Array.from({ length: 50 }, () => client.get(`${origin.url}/ok`).text()));
    expect(origin.sessions).toHaveLength(1);
  });

  test("with a server that has no HTTP/2: as before, on as many connections as are needed", async () => {
    await using origin = await tlsOriginServer();
    const client = clientOf();
    const responses = await Promise.all(
      Array.from({ length: 5 }, () => client.get(`${origin.url}/delay/100`)),
    );
    expect(responses.map(({ httpVersion }) => httpVersion)).toEqual(Array(5).fill("1.1"));
    expect(origin.connections).toBe(5);
  });

  test("headers, params, JSON, a body of its own", async () => {
    const origin = await http2Origin({});
    const client = clientOf({ headers: { "X-Tenant": "acme" } });
    const sent = await client
      .post(`${origin.url}/echo?a=1`, { json: { b: "ü" }, params: { c: 2 }, headers: { Connection: null } })
      .json<{ headers: Record<string, string>; body: string }>();
    expect(sent.headers).toMatchObject({
      ":method": "POST",
      ":path": "/echo?a=1&c=2",
      ":scheme": "https",
      "x-tenant": "acme",
      "content-type": "application/json",
      "content-length": "10",
      accept: "*/*",
    });
    expect(Buffer.from(sent.body, "latin1").toString()).toBe('{"b":"ü"}');
    expect(Object.keys(sent.headers)).not.toContain("host");
  });

  test("large bodies, both ways, many at once", async () => {
    const origin = await http2Origin({});
    const client = clientOf();
    const down = await Promise.all(
      [1, 65_535, 65_536, 300_000, 5_000_000].map(n => client.get(`${origin.url}/size/${n}`).bytes()),
    );
    expect(down.map(({ length }) => length)).toEqual([1, 65_535, 65_536, 300_000, 5_000_000]);
    const up = [0, 1, 65_535, 65_536, 300_000, 5_000_000];
    const counts = await Promise.all(
      up.map(n => client.post(`${origin.url}/count`, { content: new Uint8Array(n) }).text()),
    );
    expect(counts.map(Number)).toEqual(up);
    async function* pieces() {
      for (let i = 0; i < 100; i++) yield new Uint8Array(33_333);
    }
    expect(await client.post(`${origin.url}/count`, { content: pieces }).text()).toBe("3333300");
    expect(origin.sessions).toHaveLength(1);
  });

  test("streams, codings, trailers, redirects and interim answers", async () => {
    const origin = await http2Origin({
      gzip: stream => {
        stream.respond({ ":status": 200, "content-encoding": "gzip" });
        stream.end(gzipSync("unpacked"));
      },
      early: stream => {
        stream.additionalHeaders({ ":status": 103, link: "</a>; rel=preload" });
        stream.respond({ ":status": 200 }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "abc" }));
        stream.end("body");
      },
      go: stream => stream.respond({ ":status": 302, location: "/ok" }, { endStream: true }),
    });
    const client = clientOf();
    expect(await client.get(`${origin.url}/gzip`).text()).toBe("unpacked");
    const response = await client.get(`${origin.url}/early`);
    expect(response.text()).toBe("body");
    expect(response.trailers.get("x-sum")).toBe("abc");
    expect((await client.get(`${origin.url}/go`)).history).toHaveLength(1);
    expect((await client.head(`${origin.url}/size/1000`)).headers.get("content-length")).toBe("1000");
    let read = 0;
    for await (const chunk of (await client.stream(`${origin.url}/size/3000000`)).chunks())
      read += chunk.length;
    expect(read).toBe(3_000_000);
    expect(origin.sessions).toHaveLength(1);
  });

  test("a reader that is slow holds back its stream alone", async () => {
    const origin = await http2Origin({});
    const client = clientOf();
    const slow = await client.stream(`${origin.url}/size/20000000`);
    await new Promise(resolve => setTimeout(resolve, 200));
    expect(await client.get(`${origin.url}/size/2000000`).bytes()).toHaveLength(2_000_000);
    let read = 0;
    for await (const chunk of slow.chunks()) read += chunk.length;
    expect(read).toBe(20_000_000);
  });
});

describe("endings over HTTP/2", () => {
  test("cancelling resets the stream, and leaves the connection", async () => {
    let closed: number | undefined;
    const origin = await http2Origin({
      wait: stream => {
        stream.on("close", () => {
          closed = stream.rstCode;
        });
      },
    });
    const client = clientOf();
    await client.get(`${origin.url}/ok`);
    const call = client.get(`${origin.url}/wait`);
    setTimeout(() => call.cancel("enough"), 50);
    await expect(call).rejects.toMatchObject({ code: "ABORTED" });
    await expect.poll(() => closed).toBe(8);
    expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
    expect(origin.sessions).toHaveLength(1);
  });

  test("timeouts: each ends its own stream", async () => {
    const origin = await http2Origin({
      stall: stream => {
        stream.respond({ ":status": 200 });
        stream.write("some");
      },
    });
    const client = clientOf();
    const code = (url: string, timeout: ClientOptions["timeout"]) =>
      client.get(url, { timeout: timeout! }).then(
        () => "succeeded",
        (error: SkeinError) => error.code,
      );
    expect(
      await Promise.all([
        code(`${origin.url}/hang`, "200ms"),
        code(`${origin.url}/hang`, { headers: "200ms" }),
        code(`${origin.url}/hang`, { read: "200ms" }),
        code(`${origin.url}/stall`, { read: "200ms" }),
        code(`${origin.url}/ok`, "5s"),
      ]),
    ).toEqual(["TOTAL_TIMEOUT", "HEADERS_TIMEOUT", "READ_TIMEOUT", "READ_TIMEOUT", "succeeded"]);
    expect(origin.sessions).toHaveLength(1);
    expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
  });

  test("a server that resets a stream fails that call", async () => {
    const origin = await http2Origin({
      broken: stream => {
        stream.respond({ ":status": 200, "content-length": 100 });
        stream.write("part", () => stream.close(2));
      },
      refused: stream => stream.close(2),
    });
    const client = clientOf();
    await expect(client.get(`${origin.url}/broken`)).rejects.toMatchObject({
      code: "BODY_CUT",
      message: expect.stringContaining("after 4 of 100 bytes"),
    });
    await expect(client.get(`${origin.url}/refused`)).rejects.toMatchObject({ code: "CONNECTION_RESET" });
    expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
  });

  test("REFUSED_STREAM: sent once more, also a POST", async () => {
    let seen = 0;
    const origin = await http2Origin({
      once: (stream, headers, server) => {
        seen += 1;
        if (seen === 1) stream.close(7);
        else HANDLERS.echo!(stream, headers, server);
      },
    });
    const client = clientOf();
    expect((await client.post(`${origin.url}/once`, { json: 1 })).status).toBe(200);
    expect(seen).toBe(2);
    await expect(
      clientOf().get(`${(await http2Origin({ never: stream => stream.close(7) })).url}/never`),
    ).rejects.toMatchObject({ requestSent: "none", retryable: true });
  });

  test("GOAWAY: what was begun ends, what comes next goes over another connection", async () => {
    const origin = await http2Origin({
      leave: (stream, _, { sessions }) => {
        sessions.at(-1)!.goaway();
        setTimeout(() => {
          stream.respond({ ":status": 200 });
          stream.end("done");
        }, 100);
      },
    });
    const client = clientOf();
    const leaving = client.get(`${origin.url}/leave`).text();
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
    expect(await leaving).toBe("done");
    expect(origin.sessions).toHaveLength(2);
  });

  test("a connection that dies under calls: those that may are sent again", async () => {
    let died = false;
    const origin = await http2Origin({
      die: (stream, headers, server) => {
        if (died) return HANDLERS.ok!(stream, headers, server);
        died = true;
        server.sessions.at(-1)!.destroy();
      },
    });
    const client = clientOf();
    await client.get(`${origin.url}/ok`);
    expect(await client.get(`${origin.url}/die`).text()).toBe("ok");
    died = false;
    await expect(client.post(`${origin.url}/die`)).rejects.toMatchObject({ requestSent: "full" });
  });

  test("closing a client waits for what is under way; destroying does not", async () => {
    const origin = await http2Origin({
      slow: stream => {
        setTimeout(() => {
          if (stream.destroyed) return;
          stream.respond({ ":status": 200 });
          stream.end("slow");
        }, 100);
      },
    });
    const closing = clientOf();
    await closing.get(`${origin.url}/ok`);
    const text = closing.get(`${origin.url}/slow`).text();
    await new Promise(resolve => setTimeout(resolve, 30));
    await closing.close();
    expect(await text).toBe("slow");
    const destroyed = clientOf();
    const call = destroyed.get(`${origin.url}/slow`);
    setTimeout(() => destroyed.destroy("over"), 30);
    await expect(call).rejects.toMatchObject({ code: "ABORTED" });
  });
});

describe("limits over HTTP/2", () => {
  test("streams: the server's number, and maxInFlightPerOrigin", async () => {
    for (const [settings, limits] of [
      [{ maxConcurrentStreams: 3 }, { maxConnectionsPerOrigin: 1 }],
      [{}, { maxInFlightPerOrigin: 3 }],
    ] as const) {
      let now = 0;
      let most = 0;
      const origin = await http2Origin(
        {
          slow: stream => {
            now += 1;
            most = Math.max(most, now);
            setTimeout(() => {
              now -= 1;
              stream.respond({ ":status": 200 });
              stream.end("ok");
            }, 20);
          },
        },
        { settings },
      );
      const client = clientOf({ limits });
      await client.get(`${origin.url}/ok`);
      await Promise.all(Array.from({ length: 20 }, () => client.get(`${origin.url}/slow`).text()));
      expect(most).toBe(3);
      expect(origin.sessions).toHaveLength(1);
    }
  });

  test("more connections when streams run out", async () => {
    const origin = await http2Origin(
      {
        slow: stream => {
          setTimeout(() => {
            stream.respond({ ":status": 200 });
            stream.end("ok");
          }, 100);
        },
      },
      { settings: { maxConcurrentStreams: 2 } },
    );
    const client = clientOf();
    await client.get(`${origin.url}/ok`);
    await Promise.all(Array.from({ length: 6 }, () => client.get(`${origin.url}/slow`).text()));
    expect(origin.sessions.length).toBeGreaterThan(1);
  });

  test("bytes of a head, and of a body", async () => {
    const origin = await http2Origin({
      head: stream => {
        stream.respond({ ":status": 200, "x-large": "y".repeat(70_000) });
        stream.end();
      },
    });
    const client = clientOf({ limits: { maxResponseBytes: 1_000 } });
    await expect(client.get(`${origin.url}/size/1001`)).rejects.toMatchObject({ code: "RESPONSE_TOO_LARGE" });
    expect(await client.get(`${origin.url}/size/1000`).bytes()).toHaveLength(1_000);
    await expect(client.get(`${origin.url}/head`)).rejects.toMatchObject({ code: "RESPONSE_TOO_LARGE" });
    expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
  });
});

test("a batch, and client.fetch, over one connection", async () => {
  const origin = await http2Origin({});
  const client = clientOf();
  const urls = Array.from({ length: 500 }, (_, i) => `${origin.url}/size/${i}`);
  let bytes = 0;
  for await (const task of client.batch(urls, { concurrency: 50 })) {
    expect(task.state).toBe("succeeded");
    if (task.state === "succeeded") bytes += task.response.bytes().length;
  }
  expect(bytes).toBe((499 * 500) / 2);
  expect(await (await client.fetch(`${origin.url}/ok`)).text()).toBe("ok");
  expect(origin.sessions).toHaveLength(1);
});

test("skein fetch: a list over one connection; skein get -i says so", async () => {
  const origin = await http2Origin({});
  const cwd = scratchDirectory();
  const urls = Array.from({ length: 200 }, (_, i) => `${origin.url}/size/${i}`);
  writeFileSync(join(cwd, "urls.txt"), urls.join("\n"));
  const trust = ["--cacert", testCertificates().caFile];
  const fetched = await runSkein(["fetch", "urls.txt", "-o", "out.jsonl", "--per-host", "50", ...trust], {
    cwd,
  });
  expect(fetched.code).toBe(0);
  expect(readRows(join(cwd, "out.jsonl")).filter(row => row.state === "succeeded")).toHaveLength(200);
  expect(origin.sessions).toHaveLength(1);
  expect((await runSkein(["get", "-i", `${origin.url}/ok`, ...trust])).stdout).toMatch(/^HTTP\/2 200/);
});
