import { gzipSync } from "node:zlib";
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  type OriginServer,
  originServer,
  test,
  testBytes,
} from "@skein/testkit";
import {
  Client,
  DecodingError,
  ResponseTooLarge,
  StreamConsumed,
  type StreamResponse,
} from "../src/entry/node.ts";

/** Answers with the chunks given in the path, each in a packet of its own: `/chunks/<base64url>/<base64url>?type=`. */
let origin: OriginServer;
let client: Client;

beforeAll(async () => {
  origin = await originServer({
    routes: {
      async chunks({ response, parts, query }) {
        response.setHeader("content-type", query.get("type") ?? "text/plain; charset=utf-8");
        const coding = query.get("coding");
        if (coding !== null) response.setHeader("content-encoding", coding);
        response.flushHeaders();
        for (const part of parts.slice(1)) {
          response.write(Buffer.from(part, "base64url"));
          await new Promise(resolve => setTimeout(resolve, 5));
        }
        response.end();
      },
    },
  });
  client = new Client();
});
afterAll(async () => {
  await client.close();
  await origin.close();
});

function streamOf(
  chunks: readonly (string | Uint8Array)[],
  query: Record<string, string> = {},
): Promise<StreamResponse> {
  const path = chunks.map(chunk => Buffer.from(chunk).toString("base64url")).join("/");
  return client.stream(`${origin.url}/chunks/${path}`, { params: query });
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const gathered: T[] = [];
  for await (const item of items) gathered.push(item);
  return gathered;
}

describe("lines", () => {
  test("end at CR, LF and CRLF, also where the CRLF is cut in two", async () => {
    const stream = await streamOf(["a\r", "\n\r\nb\r\nc"]);
    expect(await all(stream.lines())).toEqual(["a", "", "b", "c"]);
  });

  test("do not end at other separators", async () => {
    const stream = await streamOf(["a\u2028b\u0085c\n"]);
    expect(await all(stream.lines())).toEqual(["a\u2028b\u0085c"]);
  });

  test("are bounded: a longer one is an error that names it", async () => {
    const stream = await streamOf(["short\n", "much too long", " a line"]);
    const read: string[] = [];
    const failure = await (async () => {
      for await (const line of stream.lines({ maxLineLength: 10 })) read.push(line);
    })().catch(error => error);
    expect(read).toEqual(["short"]);
    expect(failure).toBeInstanceOf(ResponseTooLarge);
    expect(failure.message).toContain("line 2 is longer than 10 characters");
  });
});

describe("text", () => {
  test("of shift-jis, a character split over two chunks", async () => {
    const bytes = Buffer.from("93fa967b8cea", "hex"); // 日本語
    const stream = await streamOf([bytes.subarray(0, 1), bytes.subarray(1, 3), bytes.subarray(3)], {
      type: "text/plain; charset=shift_jis",
    });
    expect((await all(stream.textChunks())).join("")).toBe("日本語");
  });
});

describe("jsonLines", () => {
  test("parses each line that is not blank", async () => {
    const stream = await streamOf(['{"a":1}\n\n{"b', '":"ü"}\r\n[]']);
    expect(await all(stream.jsonLines())).toEqual([{ a: 1 }, { b: "ü" }, []]);
  });

  test("a line that is no JSON is an error that names it; those before it were yielded", async () => {
    const stream = await streamOf(['{"a":1}\nnot json\n{"a":2}\n']);
    const rows: unknown[] = [];
    const failure = await (async () => {
      for await (const row of stream.jsonLines()) rows.push(row);
    })().catch(error => error);
    expect(rows).toEqual([{ a: 1 }]);
    expect(failure).toBeInstanceOf(DecodingError);
    expect(failure.message).toContain('line 2 is not JSON: "not json"');
    expect(failure.code).toBe("INVALID_JSON");
  });

  test("a line of exactly its cap passes, one byte more is refused", async () => {
    const row = JSON.stringify("ü".repeat(10)); // 22 bytes
    expect(await all((await streamOf([row])).jsonLines({ maxLineBytes: 22 }))).toEqual(["ü".repeat(10)]);
    const failure = await all((await streamOf([row, "\n"])).jsonLines({ maxLineBytes: 21 })).catch(
      error => error,
    );
    expect(failure).toBeInstanceOf(ResponseTooLarge);
    expect(failure.message).toContain("line 1 is longer than 21 bytes");
  });
});

describe("chunks and raw", () => {
  test("chunks(size) gives that many bytes each, the rest at the end", async () => {
    const stream = await client.stream(`${origin.url}/chunked/10000`);
    const chunks = await all(stream.chunks(3_000));
    expect(chunks.map(chunk => chunk.length)).toEqual([3_000, 3_000, 3_000, 1_000]);
    expect(Buffer.concat(chunks).equals(testBytes(10_000))).toBe(true);
  });

  test("raw() gives the bytes as they were received, chunks() the decoded ones", async () => {
    const encoded = gzipSync("hello");
    const raw = await streamOf([encoded.subarray(0, 7), encoded.subarray(7)], { coding: "gzip" });
    expect(Buffer.concat(await all(raw.raw())).equals(encoded)).toBe(true);
    const decoded = await streamOf([encoded], { coding: "gzip" });
    expect(Buffer.concat(await all(decoded.chunks())).toString()).toBe("hello");
  });

  test("a body is read once", async () => {
    const stream = await streamOf(["a"]);
    await all(stream.chunks());
    await expect(all(stream.raw())).rejects.toThrow(StreamConsumed);
    await expect(all(stream.lines())).rejects.toThrow(/has been read/);
  });

  test("leaving a loop early releases the connection", async () => {
    await using origin = await originServer();
    await using client = new Client();
    const stream = await client.stream(`${origin.url}/bytes/50000000`);
    expect(origin.openConnections).toBe(1);
    for await (const chunk of stream.chunks(1_000)) {
      expect(chunk).toHaveLength(1_000);
      break;
    }
    await expect.poll(() => origin.openConnections, { timeout: 5_000 }).toBe(0);
  });
});
