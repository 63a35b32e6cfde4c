import { gzipSync } from "node:zlib";
import { expect, ORIGIN_DOCUMENT, onTestFinished, originServer, test, testBytes } from "@skein/testkit";
import { Client, type ClientOptions } from "../src/entry/node.ts";

const MIB = 1024 * 1024;

/** An origin and a client; `/body` sends these bytes as gzip. */
async function start(body: Uint8Array = new Uint8Array(0), limits: ClientOptions["limits"] = {}) {
  const origin = await originServer({
    routes: {
      body: ({ response }) => void response.writeHead(200, { "content-encoding": "gzip" }).end(body),
    },
  });
  const client = new Client({ retry: false, timeout: "10s", limits });
  onTestFinished(async () => {
    await client.close();
    await origin.close();
  });
  return { origin, client };
}

const codings = ["gzip", "deflate", "deflate-raw", "br", "gzip-two-members"];

test("what is asked for is what can be decoded", async () => {
  const { origin, client } = await start();
  await client.get(`${origin.url}/ok`);
  const asked = origin.requests[0]?.header("accept-encoding")?.split(", ") ?? [];
  expect(asked.slice(0, 3)).toEqual(["gzip", "deflate", "br"]);
  for (const path of asked.includes("zstd") ? [...codings, "zstd"] : codings) {
    expect((await client.get(`${origin.url}/${path}`)).text()).toBe(ORIGIN_DOCUMENT);
    const stream = await client.stream(`${origin.url}/${path}`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream.chunks()) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe(ORIGIN_DOCUMENT);
  }
  expect(origin.connections).toBe(1);
});

test.each([
  ["gzip-cut", "it was cut short"],
  ["gzip-bad-crc", "it is corrupt (incorrect data check)"],
  ["gzip-junk", "other bytes follow its end"],
])("%s is an error that says why, buffered and streamed", async (path, reason) => {
  const { origin, client } = await start();
  const message = `GET ${origin.url}/${path}: the body can't be decoded as gzip: ${reason}`;
  const error = await client.get(`${origin.url}/${path}`).catch(failure => failure);
  expect(error).toMatchObject({ code: "DECODING_FAILED", message });
  const stream = await client.stream(`${origin.url}/${path}`);
  const read = async () => {
    for await (const _chunk of stream.chunks());
  };
  await expect(read()).rejects.toMatchObject({ code: "DECODING_FAILED" });
});

test("the headers stay as they were received; HEAD has nothing to decode", async () => {
  const { origin, client } = await start();
  const response = await client.get(`${origin.url}/gzip`);
  expect(response.headers.get("content-encoding")).toBe("gzip");
  expect(Number(response.headers.get("content-length"))).toBeLessThan(ORIGIN_DOCUMENT.length);
  const head = await client.head(`${origin.url}/gzip`);
  expect([head.status, head.bytes().length]).toEqual([200, 0]);
});

test("a body that grows beyond the limit is given up there", async () => {
  const bomb = gzipSync(Buffer.alloc(200 * MIB), { level: 1 });
  const { origin, client } = await start(bomb, { maxResponseBytes: 2 * MIB });
  const before = process.memoryUsage().arrayBuffers;
  const error = await client.get(`${origin.url}/body`).catch(failure => failure);
  expect(error.code).toBe("RESPONSE_TOO_LARGE");
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MIB);
});

test("a large encoded body arrives whole", async () => {
  const { origin, client } = await start(gzipSync(testBytes(2_000_000)));
  const response = await client.get(`${origin.url}/body`);
  expect(Buffer.from(response.bytes()).equals(testBytes(2_000_000))).toBe(true);
});
