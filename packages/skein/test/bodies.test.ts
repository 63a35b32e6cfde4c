import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  type OriginServer,
  originServer,
  scriptedServer,
  test,
  testBytes,
} from "@skein/testkit";
import {
  BodyNotReplayable,
  Client,
  type Content,
  FileError,
  InvalidOption,
  LocalProtocolError,
  type RequestOptions,
  StreamClosed,
} from "../src/entry/node.ts";

interface Echo {
  method: string;
  headers: [string, string][];
  body: string;
  bodyBase64: string;
}

let origin: OriginServer;
let client: Client;
let folder: string;
let file: string;
const fileBytes = testBytes(200_000);

beforeAll(async () => {
  origin = await originServer();
  client = new Client({ timeout: "10s" });
  folder = await mkdtemp(join(tmpdir(), "skein-bodies-"));
  file = join(folder, 'the "file".bin');
  await writeFile(file, fileBytes);
});
afterAll(async () => {
  await client.close();
  await origin.close();
  await rm(folder, { recursive: true });
});

async function post(options: RequestOptions, path = "/echo"): Promise<Echo> {
  return (await client.post(`${origin.url}${path}`, options)).raiseForStatus().json<Echo>();
}

function headerOf({ headers }: Echo, name: string): string | undefined {
  return headers.find(([candidate]) => candidate.toLowerCase() === name)?.[1];
}

async function* chunks(...parts: string[]) {
  yield* parts;
}

describe("multipart", () => {
  test("is taken apart by a server as it was put together", async () => {
    const echo = await post({
      multipart: {
        text: "Grüße",
        list: ["1", "2"],
        blob: new File(["{}"], 'ünï"x.json', { type: "application/json" }),
        stream: () => chunks("a", "b"),
        file: { path: file },
      },
    });
    // The runtime's own parser is the judge.
    const body = Buffer.from(echo.bodyBase64, "base64");
    const form = await new Response(body, {
      headers: { "content-type": headerOf(echo, "content-type")! },
    }).formData();
    expect(form.get("text")).toBe("Grüße");
    expect(form.getAll("list")).toEqual(["1", "2"]);
    expect((form.get("blob") as File).name).toBe('ünï"x.json');
    expect((form.get("blob") as File).type).toBe("application/json");
    expect(await (form.get("stream") as File).text()).toBe("ab");
    const sent = form.get("file") as File;
    expect(sent.name).toBe('the "file".bin');
    expect(Buffer.from(await sent.arrayBuffer()).equals(fileBytes)).toBe(true);
  });

  test("has a length where every part has one", async () => {
    const echo = await post({ multipart: { a: "1", b: new Blob(["22"]), c: { path: file } } });
    expect(headerOf(echo, "content-length")).toBe(String(Buffer.from(echo.bodyBase64, "base64").length));
    expect(headerOf(echo, "transfer-encoding")).toBeUndefined();
  });

  test("is chunked where a part has none", async () => {
    const echo = await post({ multipart: { a: "1", s: chunks("x") } });
    expect(headerOf(echo, "transfer-encoding")).toBe("chunked");
    expect(headerOf(echo, "content-length")).toBeUndefined();
  });

  test("is sent again after a 307 with files, and can't be with a stream", async () => {
    const replayed = await post({ multipart: { f: { path: file } } }, "/redirect/307?to=/echo");
    expect(Buffer.from(replayed.bodyBase64, "base64").length).toBeGreaterThan(fileBytes.length);
    await expect(post({ multipart: { s: chunks("x") } }, "/redirect/307?to=/echo")).rejects.toThrow(
      BodyNotReplayable,
    );
  });

  test("names and filenames can't add a header or a part", async () => {
    const evil = 'x"\r\nContent-Type: text/html\r\n\r\n--';
    const echo = await post({ multipart: [[evil, { content: "v", filename: evil }]] });
    const form = await new Response(echo.body, {
      headers: { "content-type": headerOf(echo, "content-type")! },
    }).formData();
    expect([...form.keys()]).toHaveLength(1);
    expect(echo.body.match(/\r\n\r\n/g)).toHaveLength(1);
  });

  test("exactly one body", async () => {
    for (const options of [
      { json: 1, form: { a: 1 } },
      { content: "x", multipart: {} },
      { form: {}, multipart: new FormData() },
    ])
      await expect(post(options as never)).rejects.toThrow(/give one body, not/);
  });
});

describe("content", () => {
  test.each<[string, () => Content]>([
    ["a string", () => "héllo"],
    ["bytes", () => Buffer.from("héllo")],
    ["a DataView", () => new DataView(new Uint8Array(Buffer.from("xhéllo")).buffer, 1)],
    ["an ArrayBuffer", () => new Uint8Array(Buffer.from("héllo")).buffer],
    ["a Blob", () => new Blob(["héllo"])],
    ["an array", () => ["hé", "llo"]],
    ["a generator", () => chunks("hé", "", "llo")],
    ["a web stream", () => new Blob(["héllo"]).stream() as unknown as Content],
    ["a function", () => () => chunks("hé", "llo")],
  ])("can be %s", async (_, content) => {
    expect((await post({ content: content() })).body).toBe("héllo");
  });

  test.each<[string, () => Content, string | undefined]>([
    ["a file by its path", () => ({ path: file }), String(fileBytes.length)],
    ["a stream of a file", () => createReadStream(file), undefined],
  ])("can be %s", async (_, content, length) => {
    const echo = await post({ content: content() });
    expect(Buffer.from(echo.bodyBase64, "base64").equals(fileBytes)).toBe(true);
    expect(headerOf(echo, "content-length")).toBe(length);
  });

  test.each<[string, () => Content]>([
    ["a file", () => ({ path: file })],
    ["a Blob", () => new Blob(["x"])],
    ["an array", () => ["x"]],
    ["a function", () => () => chunks("x")],
  ])("%s can be sent again", async (_, content) => {
    expect((await post({ content: content() }, "/redirect/308?to=/echo")).body).not.toBe("");
  });

  test("a stream can't be sent again, and says so", async () => {
    await expect(post({ content: chunks("x") }, "/redirect/307?to=/echo")).rejects.toThrow(
      /was a stream that has been read; give a function/,
    );
  });

  test("a file that is not there, and a directory, fail before anything is sent", async () => {
    const before = origin.requestCount;
    await expect(post({ content: { path: join(folder, "missing") } })).rejects.toThrow(FileError);
    await expect(post({ content: { path: folder } })).rejects.toThrow(/is a directory/);
    await expect(post({ multipart: { f: { path: folder } } })).rejects.toThrow(/is a directory/);
    expect(origin.requestCount).toBe(before);
  });

  test("chunks that are no bytes fail the call, naming what they are", async () => {
    await expect(post({ content: [{} as never] })).rejects.toThrow(InvalidOption);
    await expect(post({ content: new FormData() as never })).rejects.toThrow(/sent as `multipart`/);
    await expect(post({ content: 5 as never })).rejects.toThrow(/content: expected a string, bytes/);
  });
});

describe("a content-length of the caller's", () => {
  const stated = (length: number | string, content: Content) =>
    post({ content, headers: { "Content-Length": String(length) } });

  test("is sent with a stream of that length, in the place of chunks", async () => {
    const echo = await stated(5, chunks("he", "llo"));
    expect(headerOf(echo, "content-length")).toBe("5");
    expect(headerOf(echo, "transfer-encoding")).toBeUndefined();
    expect(echo.body).toBe("hello");
  });

  test.each([
    ["shorter", ["he", "ll"], "but is 4"],
    ["longer", ["he", "llo", "!"], "but is at least 6"],
  ])("that the stream is %s than fails the call before its last byte", async (_, parts, message) => {
    const received: Uint8Array[] = [];
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      for (;;) received.push(await connection.readBytes(1));
    });
    const failure = await client
      .post(server.url, { content: chunks(...parts), headers: { "content-length": "5" } })
      .catch(error => error);
    expect(failure).toBeInstanceOf(LocalProtocolError);
    expect(failure.message).toContain(message);
    await expect.poll(() => server.openConnections).toBe(0);
    expect(received.length).toBeLessThan(5);
  });

  test.each([
    ["another than the body's own", 4, "hello", /content-length is 4, but the body has 5 bytes/],
    ["no number", "5x", chunks("hello"), /expected a number of bytes/],
  ])("%s is refused", async (_, length, content, message) => {
    await expect(stated(length, content)).rejects.toThrow(message);
  });

  test("without a body, and transfer-encoding, are refused", async () => {
    await expect(client.get(origin.url, { headers: { "content-length": "5" } })).rejects.toThrow(
      InvalidOption,
    );
    await expect(post({ content: "x", headers: { "transfer-encoding": "chunked" } })).rejects.toThrow(
      InvalidOption,
    );
  });
});

describe("a streamed body that nobody reads", () => {
  test("loses its connection after unreadBodyTimeout, and the reader is told", async () => {
    await using origin = await originServer();
    await using client = new Client({ limits: { unreadBodyTimeout: 200 } });
    const stream = await client.stream(`${origin.url}/bytes/50000000`);
    await expect.poll(() => origin.openConnections, { timeout: 5_000 }).toBe(0);
    await expect(
      (async () => {
        for await (const chunk of stream.chunks()) expect(chunk.length).toBeGreaterThan(0);
      })(),
    ).rejects.toThrow(StreamClosed);
  });

  test("one who has begun to read may take more time than that", async () => {
    await using origin = await originServer();
    await using client = new Client({ limits: { unreadBodyTimeout: 100 } });
    await using stream = await client.stream(`${origin.url}/bytes/3000000`);
    let length = 0;
    for await (const chunk of stream.chunks()) {
      if (length === 0) await new Promise(resolve => setTimeout(resolve, 400));
      length += chunk.length;
    }
    expect(length).toBe(3_000_000);
  });
});
