import { getEventListeners } from "node:events";
import * as zlib from "node:zlib";
import { constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  type OriginServer,
  originServer,
  scriptedServer,
  test,
} from "@skein/testkit";
import { Client, type ClientOptions, type Params } from "../src/entry/node.ts";

/** Cases of docs/cases.md that belong to no feature's own tests, or to several. */

interface Echo {
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

const text = Buffer.from("many, together, in order. ".repeat(50));
let origin: OriginServer;
let client: Client;

beforeAll(async () => {
  origin = await originServer({
    routes: {
      coded: ({ response, query }) => {
        response.setHeader("content-encoding", query.get("codings")!);
        response.end(Buffer.from(query.get("bytes")!, "base64"));
      },
      // 1,000 decoded bytes, in each way that a body can be framed.
      thousand: ({ response, parts }) => {
        const body = Buffer.alloc(1_000, "x");
        if (parts[1] === "length") response.setHeader("content-length", 1_000).end(body);
        else if (parts[1] === "gzip") response.setHeader("content-encoding", "gzip").end(gzipSync(body));
        else if (parts[1] === "refused") response.writeHead(400).end(body);
        else {
          response.write(body.subarray(0, 999));
          response.end(body.subarray(999));
        }
      },
    },
  });
  client = new Client({ retry: false });
});
afterAll(async () => {
  await client.close();
  await origin.close();
});

test("params are added to the URL's own query, of which not a byte changes", async () => {
  const echo = (url: string, params: Params) => client.get(`${origin.url}${url}`, { params }).json<Echo>();
  const own = "/echo?q=a%20b&flag&sig=x%2Fy~%7E&q=2";
  expect((await echo(own, { p: "c d" })).target).toBe(`${own}&p=c+d`);
  expect((await echo(own, { q: null })).target).toBe("/echo?flag&sig=x%2Fy~%7E");
  expect((await echo("/echo?q", { q: null })).target).toBe("/echo");
});

test("params: both booleans, and arrays of them", async () => {
  const params = { yes: true, no: false, both: [true, false], empty: [], zero: 0 };
  const { target } = await client.get(`${origin.url}/echo?q=1`, { params }).json<Echo>();
  expect(target).toBe("/echo?q=1&yes=true&no=false&both=true&both=false&zero=0");
});

describe("a body in", () => {
  const coded = async (codings: string, bytes: Uint8Array) => {
    const params = { codings, bytes: Buffer.from(bytes).toString("base64") };
    return Buffer.from(await client.get(`${origin.url}/coded`, { params }).bytes());
  };

  test.each([
    ["deflate, with the header of zlib", "deflate", deflateSync(text)],
    ["deflate, without it", "deflate", deflateRawSync(text)],
    ["deflate, and gzip over it", "deflate, gzip", gzipSync(deflateSync(text))],
    [
      "gzip, in two members",
      "gzip",
      Buffer.concat([gzipSync(text.subarray(0, 99)), gzipSync(text.subarray(99))]),
    ],
  ])("%s", async (_name, codings, bytes) => {
    expect(await coded(codings, bytes)).toEqual(text);
  });

  const asked = async () =>
    (await client.get(`${origin.url}/ok`)).request.headers.get("accept-encoding") ?? "";
  test("zstd: frames with a skippable one between them, where zstd is asked for", async () => {
    if (!(await asked()).includes("zstd")) return expect(process.versions.node).toMatch(/^2[2-5]\./);
    const checksum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
    const frames = [text.subarray(0, 99), text.subarray(99)].map(part =>
      zlib.zstdCompressSync(part, checksum),
    );
    const skippable = Buffer.from("572a4d1803000000616263", "hex");
    expect(await coded("zstd", Buffer.concat([frames[0]!, skippable, frames[1]!]))).toEqual(text);
  });
});

describe("a redirect of", () => {
  const FOLLOWED: Readonly<Record<string, Readonly<Record<number, string>>>> = {
    POST: { 301: "GET", 302: "GET", 303: "GET", 307: "POST", 308: "POST" },
    HEAD: { 301: "HEAD", 302: "HEAD", 303: "HEAD", 307: "HEAD", 308: "HEAD" },
    PUT: { 301: "PUT", 302: "PUT", 303: "GET", 307: "PUT", 308: "PUT" },
  };

  test.each(Object.keys(FOLLOWED))("%s: what arrives after each status", async method => {
    const arrived: Record<number, string> = {};
    for (const status of [301, 302, 303, 307, 308]) {
      const options = method === "HEAD" ? {} : { content: "body" };
      const seen = origin.requestCount;
      await client.request(method, `${origin.url}/redirect/${status}?to=/ok`, options);
      const [first, second] = origin.requests.slice(seen);
      expect(first!.method).toBe(method);
      arrived[status] = second!.method;
    }
    expect(arrived).toEqual(FOLLOWED[method]);
  });
});

describe("the cap of a response: its last byte passes, one more does not,", () => {
  const capped = (bytes: number, options: ClientOptions = {}) =>
    new Client({ retry: false, limits: { maxResponseBytes: bytes }, ...options });
  const cases: [path: string, read: (client: Client, url: string) => Promise<number>][] = [
    ["length", async (own, url) => (await own.get(url)).bytes().length],
    ["chunked", async (own, url) => (await own.get(url)).bytes().length],
    ["gzip", async (own, url) => (await own.get(url)).bytes().length],
    ["refused", async (own, url) => (await own.get(url)).bytes().length],
    ["length", async (own, url) => (await own.get(url).bytes()).length],
  ];

  test.each(cases)("of a body: %s", async (path, read) => {
    const url = `${origin.url}/thousand/${path}`;
    await using exact = capped(1_000);
    expect(await read(exact, url)).toBe(1_000);
    await using short = capped(999);
    await expect(read(short, url)).rejects.toMatchObject({
      code: "RESPONSE_TOO_LARGE",
      message: expect.stringContaining("999 bytes"),
    });
  });

  test("of a body that ends with its connection", async () => {
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      await connection.write(`HTTP/1.1 200 OK\r\n\r\n${"x".repeat(1_000)}`);
      connection.end();
    });
    await using exact = capped(1_000);
    expect((await exact.get(server.url)).bytes()).toHaveLength(1_000);
    await using short = capped(999);
    await expect(short.get(server.url)).rejects.toMatchObject({ code: "RESPONSE_TOO_LARGE" });
  });

  test("of a batch, by the client's limit and by its own", async () => {
    const url = `${origin.url}/thousand/chunked`;
    const codeOf = async (own: Client, maxResponseBytes?: number) => {
      const options = maxResponseBytes === undefined ? {} : { maxResponseBytes };
      for await (const task of own.batch([url], options)) return task.error?.code ?? task.state;
      throw new Error("the batch was empty");
    };
    await using exact = capped(1_000);
    await using short = capped(999);
    expect(await codeOf(exact)).toBe("succeeded");
    expect(await codeOf(short)).toBe("RESPONSE_TOO_LARGE");
    expect(await codeOf(client, 1_000)).toBe("succeeded");
    expect(await codeOf(client, 999)).toBe("RESPONSE_TOO_LARGE");
  });

  test("a stream has none", async () => {
    await using short = capped(999);
    let bytes = 0;
    const stream = await short.stream(`${origin.url}/thousand/chunked`);
    for await (const chunk of stream.chunks()) bytes += chunk.length;
    expect(bytes).toBe(1_000);
  });
});

test("an AbortSignal that is used for 1,000 requests keeps no listener", async () => {
  const { signal } = new AbortController();
  const most = { listeners: 0 };
  for (let i = 0; i < 40; i++) {
    const calls = Array.from({ length: 25 }, () => client.get(`${origin.url}/ok`, { signal }));
    most.listeners = Math.max(most.listeners, getEventListeners(signal, "abort").length);
    await Promise.all(calls);
  }
  expect(most.listeners).toBeGreaterThan(0);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});
