import { connect } from "node:net";
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from "node:zlib";
import {
  afterEach,
  beforeEach,
  describe,
  expect,
  ORIGIN_DOCUMENT,
  originServer,
  test,
  testBytes,
} from "./index.ts";
import type { OriginServer } from "./servers.ts";

let origin: OriginServer;
beforeEach(async () => {
  origin = await originServer();
});
afterEach(() => origin.close());

const get = (path: string, init?: RequestInit) => fetch(origin.url + path, init);

/** Sends bytes on a connection of its own; gives all that came back until it was closed, and how it ended. */
function exchange(head: string): Promise<{ text: string; error: string | undefined }> {
  return new Promise(resolve => {
    const socket = connect(origin.port, "127.0.0.1");
    let text = "";
    let error: string | undefined;
    socket.setEncoding("latin1");
    socket.on("data", chunk => {
      text += chunk;
    });
    socket.on("error", (failure: NodeJS.ErrnoException) => {
      error = failure.code;
    });
    socket.on("close", () => resolve({ text, error }));
    socket.write(head);
  });
}

/** The body as it was sent, content coding and all. */
async function rawBody(path: string): Promise<Buffer> {
  const { text } = await exchange(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  return Buffer.from(text.slice(text.indexOf("\r\n\r\n") + 4), "latin1");
}

test("plain paths answer 200", async () => {
  expect(await (await get("/ok")).text()).toBe("ok");
  expect(await (await get("/text")).text()).toBe("Grüße, 世界 ✓\n");
  expect(await (await get("/json")).json()).toEqual({ message: "hello", number: 42 });
});

test.each([200, 204, 304, 404, 503, 599])("/status/%i answers that status", async status => {
  expect((await get(`/status/${status}`)).status).toBe(status);
});

test("an unknown path is 404, also one named as something every object has", async () => {
  for (const path of ["/nothing", "/constructor", "/__proto__", "/"])
    expect((await get(path)).status).toBe(404);
});

test("/echo gives back the method, the headers as they came and the body", async () => {
  const { text } = await exchange(
    "POST /echo?a=1 HTTP/1.1\r\nHoSt: x\r\nx-b: 2\r\nX-A: 1\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello",
  );
  const echoed = JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4));
  expect(echoed).toMatchObject({
    method: "POST",
    target: "/echo?a=1",
    body: "hello",
    bodyBase64: "aGVsbG8=",
  });
  expect(echoed.headers.slice(0, 3)).toEqual([
    ["HoSt", "x"],
    ["x-b", "2"],
    ["X-A", "1"],
  ]);
});

test("requests and connections are counted", async () => {
  await exchange(
    "GET /ok HTTP/1.1\r\nhost: x\r\nx-id: 7\r\n\r\nGET /status/404 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
  );
  await exchange("GET /ok HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
  expect(origin.requests.map(request => request.target)).toEqual(["/ok", "/status/404", "/ok"]);
  expect(origin.requests[0]?.header("x-id")).toBe("7");
  expect(origin.requestCount).toBe(3);
  expect(origin.connections).toBe(2);
});

test("requests beyond `remember` are only counted", async () => {
  const small = await originServer({ remember: 1 });
  for (const _ of [1, 2, 3]) await (await fetch(`${small.url}/ok`)).text();
  expect(small.requests).toHaveLength(1);
  expect(small.requestCount).toBe(3);
  await small.close();
});

test("more routes can be given", async () => {
  const custom = await originServer({
    routes: { mine: ({ response, parts }) => void response.end(parts[1]) },
  });
  expect(await (await fetch(`${custom.url}/mine/abc`)).text()).toBe("abc");
  await custom.close();
});

describe("redirects", () => {
  test("/redirect/:status?to=…", async () => {
    const response = await get("/redirect/307?to=/json", { redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([307, "/json"]);
  });

  test("/redirect-loop leads to itself, /redirect-chain/:n to /ok after n redirects", async () => {
    const loop = await get("/redirect-loop", { redirect: "manual" });
    expect(loop.headers.get("location")).toBe("/redirect-loop");
    const response = await get("/redirect-chain/3");
    expect(response.url).toBe(`${origin.url}/ok`);
    expect(origin.requests.filter(request => request.target.includes("chain"))).toHaveLength(3);
  });
});

describe("codings", () => {
  const whole = [
    ["/gzip", "gzip", gunzipSync],
    ["/deflate", "deflate", inflateSync],
    ["/deflate-raw", "deflate", inflateRawSync],
    ["/br", "br", brotliDecompressSync],
    ["/zstd", "zstd", zstdDecompressSync],
    ["/gzip-two-members", "gzip", gunzipSync],
  ] as const;

  test.each(whole)("%s is sent as %s", async (path, coding, decode) => {
    const { text } = await exchange(`HEAD ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    expect(text).toContain(`content-encoding: ${coding}\r\n`);
    expect(decode(await rawBody(path)).toString()).toBe(ORIGIN_DOCUMENT);
  });

  test.each([
    ["/gzip-cut", /unexpected end of file/],
    ["/gzip-bad-crc", /incorrect data check/],
    ["/gzip-junk", /incorrect header check/],
  ])("%s can't be decoded", async (path, message) => {
    const body = await rawBody(path);
    expect(() => gunzipSync(body)).toThrow(message);
  });
});

describe("bodies", () => {
  test.each([0, 1, 65_536, 1_000_003])("/bytes/%i and /chunked hold the test bytes", async length => {
    for (const path of ["/bytes/", "/chunked/"]) {
      const response = await get(path + length);
      expect(response.headers.get("content-length")).toBe(path === "/bytes/" ? String(length) : null);
      const body = new Uint8Array(await response.arrayBuffer());
      expect(Buffer.compare(body, testBytes(length))).toBe(0);
    }
  });

  test("/slow-body sends one byte at a time", async () => {
    const chunks: number[] = [];
    const response = await get("/slow-body?bytes=3&ms=20");
    for await (const chunk of response.body!) chunks.push(chunk.length);
    expect(chunks).toEqual([1, 1, 1]);
  });

  test("/reset-mid-body resets, /cut-mid-body closes: 1,000 of 10,000 bytes have come", async () => {
    const reset = await exchange("GET /reset-mid-body HTTP/1.1\r\nhost: x\r\n\r\n");
    expect(reset.error).toBe("ECONNRESET");
    const cut = await exchange("GET /cut-mid-body HTTP/1.1\r\nhost: x\r\n\r\n");
    expect(cut.error).toBeUndefined();
    expect(cut.text).toContain("content-length: 10000\r\n");
    expect(cut.text.length - cut.text.indexOf("\r\n\r\n") - 4).toBe(1_000);
  });

  test("/stall-mid-body sends 1,000 bytes, and closing ends it", async () => {
    const response = await get("/stall-mid-body");
    const reader = response.body!.getReader();
    expect((await reader.read()).value?.length).toBe(1_000);
    const next = reader.read();
    await origin.close();
    await expect(next).rejects.toThrow();
  });
});

describe("faults", () => {
  test("/flaky fails as often as it says, for each key", async () => {
    const statuses = async (key: string) => {
      const seen = [];
      for (const _ of [1, 2, 3]) seen.push((await get(`/flaky/${key}/2`)).status);
      return seen;
    };
    expect(await statuses("a")).toEqual([503, 503, 200]);
    expect(await statuses("b")).toEqual([503, 503, 200]);
  });

  test("/retry-after refuses once, and says when to come back", async () => {
    const first = await get("/retry-after/k?seconds=2");
    expect([first.status, first.headers.get("retry-after")]).toEqual([429, "2"]);
    expect((await get("/retry-after/k?seconds=2")).status).toBe(200);
  });

  test("/delay answers no sooner than it says", async () => {
    const start = performance.now();
    expect(await (await get("/delay/60")).text()).toBe("ok");
    expect(performance.now() - start).toBeGreaterThan(55);
  });

  test("/hang never answers; closing ends it at once", async () => {
    const hanging = exchange("GET /hang HTTP/1.1\r\nhost: x\r\n\r\n");
    while (origin.requestCount === 0) await new Promise(resolve => setTimeout(resolve, 5));
    expect(origin.openConnections).toBe(1);
    await origin.close();
    expect((await hanging).text).toBe("");
    expect(origin.openConnections).toBe(0);
  });
});

test("the test bytes are the same whatever part of them is asked for", () => {
  const all = testBytes(1_000);
  for (const [offset, length] of [
    [0, 1],
    [1, 5],
    [3, 97],
    [64, 64],
    [999, 1],
  ] as const) {
    expect(testBytes(length, offset)).toEqual(all.slice(offset, offset + length));
  }
  expect(new Set(new Uint32Array(testBytes(4_000_000).buffer)).size).toBe(1_000_000);
});
