import { brotliCompressSync, gzipSync } from "node:zlib";
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  type ScriptedServer,
  scriptedServer,
  test,
} from "@skein/testkit";
import { Client, type SkeinError } from "../../src/entry/node.ts";
import { collectGarbage, LIMIT_MS, nothingEscapes, outcomeOf, pause } from "./harness.ts";

const MIB = 1024 * 1024;

/** 600 MiB of zeros in about 600 KiB of gzip, in 0.6 MiB of gzip in gzip … and 600 MiB in less than 1 KiB of brotli. */
const gzipped = Buffer.concat(Array(60).fill(gzipSync(Buffer.alloc(10 * MIB))));
const twice = gzipSync(gzipped);
const brotli = brotliCompressSync(Buffer.alloc(600 * MIB));

const ANSWERS: Readonly<
  Record<string, { coding: string; body: Buffer; status?: string; location?: string }>
> = {
  gzip: { coding: "gzip", body: gzipped },
  twice: { coding: "gzip, gzip", body: twice },
  br: { coding: "br", body: brotli },
  redirect: { coding: "gzip", body: gzipped, status: "302 Found", location: "/ok" },
  unavailable: { coding: "br", body: brotli, status: "503 Later" },
  failed: { coding: "gzip, gzip", body: twice, status: "500 Sorry" },
};

let server: ScriptedServer;
let client: Client;
const seen = new Map<string, number>();
beforeAll(async () => {
  server = await scriptedServer(async connection => {
    for (;;) {
      const name = (await connection.readHead()).split(" ")[1]!.slice(1);
      seen.set(name, (seen.get(name) ?? 0) + 1);
      const answer = ANSWERS[name];
      if (answer === undefined || (answer.status?.startsWith("5") && seen.get(name)! > 1)) {
        await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        continue;
      }
      const { coding, body, status = "200 OK", location } = answer;
      const where = location === undefined ? "" : `Location: ${location}\r\n`;
      await connection.write(
        `HTTP/1.1 ${status}\r\n${where}Content-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`,
      );
      await connection.write(body);
    }
  });
  client = new Client({ timeout: "30s", limits: { maxResponseBytes: 20 * MIB } });
});
afterAll(async () => {
  client.destroy();
  await server.close();
});

/** What is held at most while it runs, beyond what was held before. */
async function mostHeld(run: () => Promise<unknown>): Promise<number> {
  collectGarbage();
  const held = () => {
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    return heapUsed + Math.max(external, arrayBuffers);
  };
  const before = held();
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, held() - before);
  }, 2);
  try {
    await run();
  } finally {
    clearInterval(timer);
  }
  return Math.max(most, held() - before);
}

describe.each(["gzip", "twice", "br"])(
  "600 MiB in a few hundred KiB of %s",
  { timeout: LIMIT_MS },
  coding => {
    test("read into memory: refused at the limit", async () => {
      nothingEscapes();
      const most = await mostHeld(async () => {
        expect(await outcomeOf(client.get(`${server.url}/${coding}`))).toMatchObject({
          code: "RESPONSE_TOO_LARGE",
          phase: "body",
        });
      });
      expect(most).toBeLessThan(120 * MIB);
    });

    test("streamed to a reader that is slow, and leaves: no more is made than is read", async () => {
      nothingEscapes();
      const most = await mostHeld(async () => {
        const stream = await client.stream(`${server.url}/${coding}`);
        let length = 0;
        for await (const chunk of stream.chunks()) {
          length += chunk.length;
          if (length % MIB < chunk.length) await pause(5);
          if (length > 30 * MIB) break;
        }
      });
      expect(most).toBeLessThan(60 * MIB);
    });
  },
);

test("streamed to the end: memory does not grow with what comes out", { timeout: LIMIT_MS }, async () => {
  nothingEscapes();
  const most = await mostHeld(async () => {
    const stream = await client.stream(`${server.url}/gzip`);
    let length = 0;
    for await (const chunk of stream.chunks()) length += chunk.length;
    expect(length).toBe(600 * MIB);
  });
  expect(most).toBeLessThan(150 * MIB);
});

test.each(["redirect", "unavailable", "failed"])("in an answer that nobody wants: %s", async name => {
  nothingEscapes();
  for (const streamed of [false, true]) {
    seen.clear();
    const most = await mostHeld(async () => {
      const url = `${server.url}/${name}`;
      if (streamed) return (await client.stream(url)).close();
      const outcome = await outcomeOf(client.get(url));
      // The answer itself is read into memory where it may be the last one: that has its limit too.
      expect([undefined, "RESPONSE_TOO_LARGE"]).toContain((outcome as SkeinError).code);
    });
    expect(most).toBeLessThan(120 * MIB);
  }
});

test("several at once: each has its own limit", { timeout: LIMIT_MS }, async () => {
  nothingEscapes();
  const small = new Client({ timeout: "30s", limits: { maxResponseBytes: 2 * MIB } });
  const most = await mostHeld(async () => {
    const codings = ["gzip", "twice", "br"];
    const calls = Array.from({ length: 20 }, (_, i) => small.get(`${server.url}/${codings[i % 3]}`));
    const outcomes = await Promise.all(calls.map(outcomeOf));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ code: "RESPONSE_TOO_LARGE" });
  });
  expect(most).toBeLessThan(200 * MIB);
  await small.close();
});

// All of it has come, in one packet: only the decoding goes on, for a second and more.
describe("while a body is being decoded", () => {
  const unlimited = () => new Client({ retry: false, limits: { maxResponseBytes: 1024 * MIB } });

  test("the call can be cancelled", async () => {
    nothingEscapes();
    const decoding = unlimited();
    const call = decoding.get(`${server.url}/br`);
    await pause(60);
    const started = performance.now();
    call.cancel("enough");
    expect(await outcomeOf(call)).toMatchObject({ code: "ABORTED", phase: "body" });
    expect(performance.now() - started).toBeLessThan(200);
    decoding.destroy();
  });

  test("its signal is heard", async () => {
    nothingEscapes();
    const decoding = unlimited();
    const error = await outcomeOf(decoding.get(`${server.url}/br`, { signal: AbortSignal.timeout(60) }));
    expect(error).toMatchObject({ code: "ABORTED" });
    decoding.destroy();
  });

  test("the total timeout holds", async () => {
    nothingEscapes();
    const decoding = unlimited();
    const started = performance.now();
    const error = await outcomeOf(decoding.get(`${server.url}/br`, { timeout: 100 }));
    expect(error).toMatchObject({ code: "TOTAL_TIMEOUT", phase: "body" });
    expect(performance.now() - started).toBeLessThan(350);
    decoding.destroy();
  });
});
