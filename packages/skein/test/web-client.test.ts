import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { build } from "tsdown";
import { Client } from "../src/entry/web.ts";

/** The client of pages over Node's fetch: what it loads when it is first used works as what is there from the start. */

let origin: OriginServer;
let client: Client;

beforeAll(async () => {
  origin = await originServer({
    routes: {
      events: ({ response }) => {
        response.setHeader("content-type", "text/event-stream");
        response.end("id: 7\ndata: one\n\ndata: two\n\n");
      },
      pages: ({ request, response }) => {
        const page = Number(new URL(request.url ?? "", origin.url).searchParams.get("page") ?? "1");
        if (page < 3) response.setHeader("link", `</pages?page=${page + 1}>; rel="next"`);
        response.end(String(page));
      },
      lines: ({ response }) => void response.end("a\nb\nc\n"),
      login: ({ response }) => {
        response.setHeader("set-cookie", "session=abc; Path=/");
        response.end();
      },
    },
  });
  client = new Client({ baseUrl: origin.url });
});
afterAll(async () => {
  await client.close();
  await origin.close();
});

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const value of values) collected.push(value);
  return collected;
}

/** What the server got of the last request. */
function last() {
  return origin.requests.at(-1)!;
}

describe("loaded when it is first used", () => {
  test("events: their data and the last id; a second loop is refused; closed before it began, it says nothing", async () => {
    const events = client.events("/events", { reconnect: false, lastEventId: "3" });
    expect(events.lastEventId).toBe("3");
    expect((await collect(events)).map(({ data }) => data)).toEqual(["one", "two"]);
    expect(events.lastEventId).toBe("7");
    await expect(collect(events)).rejects.toMatchObject({ code: "STREAM_CONSUMED" });
    const closed = client.events("/events");
    closed.close();
    expect(await collect(closed)).toEqual([]);
  });

  test("two loops over the same events at once: one is refused", async () => {
    const events = client.events("/events", { reconnect: false });
    const loops = await Promise.allSettled([collect(events), collect(events)]);
    expect(loops.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  test("paginate", async () => {
    const pages = await collect(client.paginate("/pages"));
    expect(pages.map(page => page.text())).toEqual(["1", "2", "3"]);
  });

  test("fetch", async () => {
    const response = await client.fetch(`${origin.url}/echo`, { method: "POST", body: "hello" });
    expect(response).toBeInstanceOf(globalThis.Response);
    expect(await response.json()).toMatchObject({ method: "POST", body: "hello" });
    await expect(client.fetch("http://127.0.0.1:9/")).rejects.toBeInstanceOf(TypeError);
  });

  test("stream", async () => {
    await using stream = await client.stream("/lines");
    expect(await collect(stream.lines())).toEqual(["a", "b", "c"]);
  });

  test("multipart, with a boundary of its own, and one that is given", async () => {
    const file = new File(["content"], "notes.txt", { type: "text/plain" });
    const parts = { title: "Notes", file };
    const sent = await client.post("/echo", { multipart: parts }).json<{ body: string }>();
    const boundary = /boundary=(.+)$/.exec(last().header("content-type") ?? "")?.[1];
    expect(sent.body.startsWith(`--${boundary}\r\n`)).toBe(true);
    const received = await new globalThis.Response(sent.body, {
      headers: { "content-type": last().header("content-type")! },
    }).formData();
    expect(received.get("title")).toBe("Notes");
    expect(await (received.get("file") as File).text()).toBe("content");
    const headers = { "content-type": "multipart/form-data; boundary=mine" };
    const own = await client.post("/echo", { multipart: { a: "1" }, headers }).json<{ body: string }>();
    expect(own.body).toMatch(/^--mine\r\n/);
    await expect(client.post("/echo", { multipart: { a: { path: "/etc/hostname" } } })).rejects.toMatchObject(
      { code: "INVALID_OPTION", message: expect.stringContaining("no files here") },
    );
  });

  test("auth, cookies, redirects, progress and a logger", async () => {
    const lines: string[] = [];
    const logger = { info: (line: string) => lines.push(line) };
    const own = new Client({ baseUrl: origin.url, auth: ["user", "password"], cookies: true, logger });
    await own.get("/login");
    let received = 0;
    const response = await own.get("/redirect/302", {
      params: { to: "/echo" },
      onDownloadProgress: ({ bytes }) => {
        received = bytes;
      },
    });
    expect(response.history).toHaveLength(1);
    expect(last().header("authorization")).toBe(`Basic ${btoa("user:password")}`);
    expect(last().header("cookie")).toBe("session=abc");
    expect(received).toBe(response.bytes().length);
    expect(lines).toHaveLength(2);
    await own.close();
  });
});

describe("a batch", () => {
  const urls = Array.from({ length: 20 }, (_, index) => `/ok?i=${index}`);

  test("yields each task, and tells how far it is", async () => {
    const batch = client.batch(urls, { concurrency: 4 });
    expect(batch.progress).toMatchObject({ pulled: 0, succeeded: 0 });
    expect(new Set((await collect(batch)).map(({ input, state }) => `${input} ${state}`)).size).toBe(20);
    expect(batch.progress).toMatchObject({ pulled: 20, succeeded: 20, inputEnded: true });
  });

  test("does what it was told before it was there", async () => {
    const cancelled = client.batch(urls);
    cancelled.cancel("not wanted");
    const states = (await collect(cancelled)).map(({ state }) => state);
    expect(states.every(state => state === "cancelled")).toBe(true);
    const paused = client.batch(urls);
    paused.pause();
    setTimeout(() => paused.resume(), 50);
    expect((await collect(paused)).filter(({ state }) => state === "succeeded")).toHaveLength(20);
    const before = origin.requestCount;
    {
      await using unread = client.batch(urls);
      unread.pause();
    }
    expect(origin.requestCount).toBe(before);
  });

  test("a mistake in its options is told to who iterates it", async () => {
    const batch = client.batch(urls, { concurrency: -1 });
    await expect(collect(batch)).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });
});

test("what a page loads at the start is at most 25 KB, gzipped, and names nothing of Node's", async () => {
  const folder = await mkdtemp(join(tmpdir(), "skein-size-"));
  const entry = join(folder, "entry.ts");
  const web = new URL("../src/entry/web.ts", import.meta.url).pathname;
  await writeFile(entry, `export { Client } from ${JSON.stringify(web)};`);
  await build({
    config: false,
    cwd: folder,
    entry: { web: entry },
    outDir: join(folder, "out"),
    platform: "browser",
    target: "es2022",
    minify: true,
    dts: false,
    fixedExtension: false,
    logLevel: "error",
  });
  const chunks = new Map<string, string>();
  for (const name of await readdir(join(folder, "out")))
    chunks.set(name, await readFile(join(folder, "out", name), "utf8"));
  await rm(folder, { recursive: true });
  const first = new Set([...chunks.keys()].filter(name => name.startsWith("web.")));
  for (const name of first)
    for (const [, imported] of chunks.get(name)!.matchAll(/\bfrom\s*["`']\.\/([^"`']+)["`']/g))
      first.add(imported!);
  // Marks for the bundler of a page, which drops them.
  const code = [...first].map(name => chunks.get(name)!.replaceAll(/\/\* @__PURE__ \*\/ ?/g, "")).join("");
  expect(first.size).toBeLessThan(chunks.size);
  expect(gzipSync(code, { level: 9 }).length).toBeLessThan(25 * 1024);
  expect([...chunks.values()].filter(text => /["'`]node:/.test(text))).toEqual([]);
});
