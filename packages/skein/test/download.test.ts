import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  afterEach,
  beforeEach,
  describe,
  expect,
  type OriginExchange,
  originServer,
  test,
  testBytes,
} from "@skein/testkit";
import {
  AbortError,
  ChecksumError,
  Client,
  FileError,
  HandlerError,
  HTTPStatusError,
  InvalidOption,
  type Progress,
  ReadError,
  RemoteProtocolError,
} from "../src/entry/node.ts";

const BYTES = testBytes(300_000);
const SHA256 = createHash("sha256").update(BYTES).digest("hex");

let folder: string;
let path: string;
let client: Client;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-download-"));
  path = join(folder, "file.bin");
  client = new Client({ timeout: { total: "20s" } });
});
afterEach(async () => {
  await client.close();
  await rm(folder, { recursive: true });
});

interface FileServer {
  bytes?: Uint8Array;
  etag?: string | undefined;
  /** After so many bytes of each answer the connection is cut, as often as said. */
  cutAfter?: number;
  cuts?: number;
  /** Changes an answer before it is sent. */
  change?(exchange: OriginExchange, answer: { status: number; first: number }): void;
}

/** An origin whose /file answers as a file server does: Range, If-Range, strong ETag. */
function fileServer(state: FileServer) {
  return originServer({
    routes: {
      file(exchange) {
        const { request, response } = exchange;
        const { bytes = BYTES, etag = '"v1"' } = state;
        if (state.etag !== undefined || !("etag" in state)) response.setHeader("etag", etag);
        const wanted = /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
        const isSame = request.headers["if-range"] === etag;
        let first = wanted !== null && isSame ? Number(wanted[1]) : 0;
        let status = wanted !== null && isSame ? 206 : 200;
        if (first >= bytes.length && status === 206) {
          response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
          return;
        }
        const answer = { status, first };
        if (status === 206)
          response.setHeader("content-range", `bytes ${first}-${bytes.length - 1}/${bytes.length}`);
        state.change?.(exchange, answer);
        ({ status, first } = answer);
        if (response.writableEnded) return;
        response.setHeader("content-length", bytes.length - first);
        response.statusCode = status;
        if ((state.cuts ?? 0) > 0) {
          state.cuts = (state.cuts ?? 0) - 1;
          response.write(bytes.subarray(first, first + (state.cutAfter ?? 100_000)), () => {
            setTimeout(() => response.socket?.destroy(), 20);
          });
        } else response.end(bytes.subarray(first));
      },
    },
  });
}

async function expectFile(bytes: Uint8Array = BYTES): Promise<void> {
  expect(Buffer.from(await readFile(path)).equals(bytes)).toBe(true);
  expect(await readdir(folder)).toEqual(["file.bin"]);
}

describe("a download", () => {
  test("is a file with these facts, and nothing else", async () => {
    await using server = await fileServer({});
    const facts = await client.download(`${server.url}/file`, path, { sha256: SHA256.toUpperCase() });
    expect(facts).toEqual({ path, bytes: BYTES.length, sha256: SHA256, resumed: false });
    await expectFile();
    expect(server.requests[0]!.header("accept-encoding")).toBe("identity");
    expect(server.requests[0]!.header("range")).toBeUndefined();
  });

  test("replaces what was there, at the end only", async () => {
    await using server = await fileServer({ cuts: 9, cutAfter: 1_000 });
    await writeFile(path, "old");
    await expect(client.download(`${server.url}/file`, path)).rejects.toThrow(ReadError);
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["file.bin"]);
  });

  test("with another checksum is an error, and no file", async () => {
    await using server = await fileServer({});
    const failure = client.download(`${server.url}/file`, path, { sha256: "0".repeat(64), resume: true });
    await expect(failure).rejects.toThrow(ChecksumError);
    expect(await readdir(folder)).toEqual([]);
  });

  test("of a status that is not 2xx is an HTTPStatusError with its text, and no file", async () => {
    await using server = await originServer();
    const failure = await client.download(`${server.url}/status/404`, path).catch(error => error);
    expect(failure).toBeInstanceOf(HTTPStatusError);
    expect(failure.message).toContain("404");
    expect(await readdir(folder)).toEqual([]);
  });

  test("follows redirects, and decodes what was encoded nevertheless", async () => {
    await using server = await originServer({
      routes: {
        zipped({ response }) {
          response.setHeader("content-encoding", "gzip");
          response.end(gzipSync("hello"));
        },
      },
    });
    const facts = await client.download(`${server.url}/redirect/302?to=/zipped`, path);
    expect(facts.bytes).toBe(5);
    await expectFile(Buffer.from("hello"));
  });

  test("never goes where the server says", async () => {
    await using server = await fileServer({
      change: ({ response }) =>
        response.setHeader("content-disposition", 'attachment; filename="../../evil"'),
    });
    await client.download(`${server.url}/file`, path);
    await expectFile();
  });

  test.each<[string, () => string | Promise<string>, new (...args: never[]) => Error]>([
    ["a directory", () => folder, FileError],
    ["in a directory that is not there", () => join(folder, "no", "file"), FileError],
    ["empty", () => "", InvalidOption],
  ])("to a path that is %s fails before anything is sent", async (_, makePath, type) => {
    await using server = await fileServer({});
    await expect(client.download(`${server.url}/file`, await makePath())).rejects.toThrow(type);
    expect(server.requestCount).toBe(0);
  });

  test("refuses options that are its own", async () => {
    await using server = await fileServer({});
    const url = `${server.url}/file`;
    await expect(client.download(url, path, { headers: { Range: "bytes=0-1" } })).rejects.toThrow(/range/);
    await expect(client.download(url, path, { sha256: "xyz" })).rejects.toThrow(/64 hexadecimal/);
    await expect(client.download(url, path, { json: 1 } as never)).rejects.toThrow(/json/);
    expect(server.requestCount).toBe(0);
  });

  test("cancelled by its signal leaves nothing", async () => {
    await using server = await originServer();
    const controller = new AbortController();
    const failure = client.download(`${server.url}/stall-mid-body`, path, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(failure).rejects.toThrow(AbortError);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("a download that is cut", () => {
  test("goes on from there within the attempts of the call", async () => {
    await using server = await fileServer({ cuts: 2, cutAfter: 100_000 });
    const facts = await client.download(`${server.url}/file`, path);
    expect(facts).toMatchObject({ bytes: BYTES.length, sha256: SHA256, resumed: true });
    await expectFile();
    const ranges = server.requests.map(request => request.header("range"));
    expect(ranges).toHaveLength(3);
    expect(ranges[0]).toBeUndefined();
    expect(ranges[1]).toMatch(/^bytes=\d+-$/);
    expect(server.requests[1]!.header("if-range")).toBe('"v1"');
  });

  test("at any byte goes on right there", async () => {
    const bytes = testBytes(64);
    const cutAt = async (cutAfter: number) => {
      await using server = await fileServer({ bytes, cuts: 1, cutAfter });
      const own = join(folder, `cut-${cutAfter}`);
      const facts = await client.download(`${server.url}/file`, own);
      expect(facts.resumed).toBe(cutAfter > 0);
      expect(Buffer.from(await readFile(own)).equals(bytes)).toBe(true);
      expect(server.requests[1]!.header("range")).toBe(cutAfter === 0 ? undefined : `bytes=${cutAfter}-`);
    };
    await Promise.all(Array.from({ length: 64 }, (_, cutAfter) => cutAt(cutAfter)));
  });

  test("fails when its attempts are used; attempts are counted over all parts", async () => {
    await using server = await fileServer({ cuts: 5, cutAfter: 1_000 });
    const failure = await client.download(`${server.url}/file`, path).catch(error => error);
    expect(failure).toBeInstanceOf(ReadError);
    expect(failure.attempts).toHaveLength(3);
    expect(server.requestCount).toBe(3);
  });

  test("begins anew when the ETag has changed", async () => {
    const state: FileServer = { cuts: 1, cutAfter: 100_000 };
    await using server = await fileServer(state);
    const changed = testBytes(250_000, 7);
    state.change = () => {
      state.etag = '"v2"';
      state.bytes = changed;
      delete state.change;
    };
    const facts = await client.download(`${server.url}/file`, path);
    expect(facts).toMatchObject({ bytes: changed.length, resumed: false });
    await expectFile(changed);
  });

  test.each([undefined, 'W/"v1"'])("begins anew without a strong ETag (%s)", async etag => {
    await using server = await fileServer({ cuts: 1, cutAfter: 100_000, etag });
    expect(await client.download(`${server.url}/file`, path)).toMatchObject({ resumed: false });
    expect(server.requests.every(request => request.header("range") === undefined)).toBe(true);
    await expectFile();
  });

  test.each([
    ["another beginning", "bytes 5-299999/300000"],
    ["no range at all", undefined],
    ["garbage", "bytes 1-0/*"],
    ["another unit", "lines 1-2/3"],
  ])("refuses a 206 with %s", async (_, field) => {
    await using server = await fileServer({
      cuts: 1,
      change({ response }, { status }) {
        if (status !== 206) return;
        if (field === undefined) response.removeHeader("content-range");
        else response.setHeader("content-range", field);
      },
    });
    const failure = await client.download(`${server.url}/file`, path).catch(error => error);
    expect(failure).toBeInstanceOf(RemoteProtocolError);
    expect(failure.message).toContain("206");
    expect(await readdir(folder)).toEqual([]);
  });

  test("begins anew when a server that knows no If-Range sends a part of something else", async () => {
    let changes = 1;
    await using server = await fileServer({
      cuts: 1,
      change({ response }, { status }) {
        if (status === 206 && changes-- > 0) response.setHeader("etag", '"other"');
      },
    });
    expect(await client.download(`${server.url}/file`, path)).toMatchObject({
      sha256: SHA256,
      resumed: false,
    });
    await expectFile();
  });

  test("refuses a 206 that was not asked for", async () => {
    await using server = await fileServer({
      change({ response }, answer) {
        answer.status = 206;
        response.setHeader("content-range", "bytes 0-299999/300000");
      },
    });
    await expect(client.download(`${server.url}/file`, path)).rejects.toThrow(/no part was asked for/);
  });
});

describe("resume", () => {
  test("goes on with what an earlier call has left", async () => {
    const state: FileServer = { cuts: 1, cutAfter: 100_000 };
    await using server = await fileServer(state);
    const url = `${server.url}/file`;
    await expect(client.download(url, path, { resume: true, retry: false })).rejects.toThrow(ReadError);
    expect(await readdir(folder)).toEqual(["file.bin.part", "file.bin.part.json"]);
    const left = (await readFile(`${path}.part`)).length;
    const facts = await client.download(url, path, { resume: true, sha256: SHA256 });
    expect(facts).toEqual({ path, bytes: BYTES.length, sha256: SHA256, resumed: true });
    expect(server.requests[1]!.header("range")).toBe(`bytes=${left}-`);
    await expectFile();
  });

  test("goes on with what a process has left that was killed in the middle", async () => {
    await using server = await fileServer({
      change({ response }, { status, first }) {
        if (status !== 200) return;
        // Never ends: the process is killed while it waits for more.
        response.writeHead(200, { "content-length": BYTES.length }).write(BYTES.subarray(first, 150_000));
        response.end = () => response;
        Object.defineProperty(response, "writableEnded", { value: true });
      },
    });
    const url = `${server.url}/file`;
    const entry = new URL("../src/entry/node.ts", import.meta.url).href;
    const program = `import(${JSON.stringify(entry)}).then(({ Client }) =>
      new Client().download(${JSON.stringify(url)}, ${JSON.stringify(path)}, { resume: true }))`;
    const child = spawn(process.execPath, ["-e", program], { stdio: "inherit" });
    const left = async () => (await stat(`${path}.part`).catch(() => undefined))?.size;
    await expect.poll(left, { timeout: 15_000 }).toBe(150_000);
    child.kill("SIGKILL");
    await once(child, "exit");
    const facts = await client.download(url, path, { resume: true });
    expect(facts).toEqual({ path, bytes: BYTES.length, sha256: SHA256, resumed: true });
    expect(server.requests[1]!.header("range")).toBe("bytes=150000-");
    await expectFile();
  });

  test("with all bytes there already asks once, and is done", async () => {
    await using server = await fileServer({});
    const url = `${server.url}/file`;
    await writeFile(`${path}.part`, BYTES);
    await writeFile(`${path}.part.json`, JSON.stringify({ url, etag: '"v1"', total: BYTES.length }));
    // The server answers 416, which says that nothing is left: no error, whatever the client makes of statuses.
    const strict = client.extend({ raiseForStatus: true });
    expect(await strict.download(url, path, { resume: true })).toMatchObject({
      sha256: SHA256,
      resumed: true,
    });
    await expectFile();
  });

  test("of another URL, or of a changed file, begins anew", async () => {
    await using server = await fileServer({});
    for (const note of [
      { url: `${server.url}/other`, etag: '"v1"' },
      { url: `${server.url}/file`, etag: '"v0"' },
      { url: `${server.url}/file`, etag: null },
    ]) {
      await writeFile(`${path}.part`, "something else");
      await writeFile(`${path}.part.json`, JSON.stringify(note));
      const facts = await client.download(`${server.url}/file`, path, { resume: true });
      expect(facts).toMatchObject({ sha256: SHA256, resumed: false });
      await expectFile();
    }
  });

  test("leaves a file alone that no download has left, and follows no link", async () => {
    await using server = await fileServer({});
    await writeFile(`${path}.part`, "mine");
    await expect(client.download(`${server.url}/file`, path, { resume: true })).rejects.toThrow(FileError);
    expect(await readFile(`${path}.part`, "utf8")).toBe("mine");
    await rm(`${path}.part`);
    await writeFile(join(folder, "elsewhere"), "mine");
    await symlink(join(folder, "elsewhere"), `${path}.part`);
    await expect(client.download(`${server.url}/file`, path, { resume: true })).rejects.toThrow(
      /symbolic link/,
    );
    expect(await readFile(join(folder, "elsewhere"), "utf8")).toBe("mine");
    expect(server.requestCount).toBe(0);
  });
});

describe("onProgress", () => {
  test("tells the bytes of the file and the total, and the end", async () => {
    await using server = await fileServer({});
    const seen: Progress[] = [];
    await client.download(`${server.url}/file`, path, { onProgress: progress => void seen.push(progress) });
    expect(seen.at(-1)).toMatchObject({ bytes: BYTES.length, total: BYTES.length });
    expect(seen.map(({ bytes }) => bytes)).toEqual(seen.map(({ bytes }) => bytes).sort((a, b) => a - b));
  });

  test("that throws fails the download, and leaves nothing", async () => {
    await using server = await fileServer({});
    const failure = client.download(`${server.url}/file`, path, {
      onProgress: () => {
        throw new Error("no more");
      },
    });
    await expect(failure).rejects.toThrow(HandlerError);
    expect(await readdir(folder)).toEqual([]);
  });
});
