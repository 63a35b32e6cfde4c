import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, originServer, test } from "@skein/testkit";
import { readRows, runSkein, scratchDirectory, startSkein } from "./run-skein.ts";

const SITEMAP = (entries: string) =>
  `<?xml version="1.0"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${entries}</urlset>`;
const INDEX = (...urls: readonly string[]) =>
  `<?xml version="1.0"?>\n<sitemapindex>${urls.map(url => `<sitemap><loc>${url}</loc></sitemap>`).join("")}</sitemapindex>`;
const URL_OF = (url: string, more = "") => `<url><loc>${url}</loc>${more}</url>`;

/** A server of lists, which may be changed while it runs, and of what they name (`/ok`). */
async function listServer() {
  const lists = new Map<string, (response: ServerResponse) => void>();
  const origin = await originServer({
    routes: {
      lists: ({ request, response }) => {
        const answer = lists.get(request.url ?? "");
        if (answer !== undefined) return answer(response);
        response.writeHead(404).end();
      },
    },
  });
  return {
    url: origin.url,
    has: (name: string, content: string | Buffer, headers: Record<string, string> = {}) =>
      lists.set(`/lists/${name}`, response => response.writeHead(200, headers).end(content)),
    answers: (name: string, answer: (response: ServerResponse) => void) =>
      lists.set(`/lists/${name}`, answer),
    request: (name: string) => origin.requests.find(({ target }) => target === `/lists/${name}`)!,
    asked: (name: string) => origin.requests.filter(({ target }) => target === `/lists/${name}`).length,
    [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose](),
  };
}

const urlsIn = (cwd: string) =>
  readRows(join(cwd, "o.jsonl"))
    .map(({ url }) => url)
    .sort();
const spooled = (cwd: string) => readdirSync(cwd).filter(name => name.includes(".list-"));

describe("skein fetch --format, of a list that a server has", () => {
  test("without --format, a URL is what is fetched", async () => {
    await using server = await listServer();
    const cwd = scratchDirectory();
    server.has("urls.txt", `${server.url}/ok\n`);
    await runSkein(["fetch", `${server.url}/lists/urls.txt`, "-o", "o.jsonl"], { cwd });
    expect(urlsIn(cwd)).toEqual([`${server.url}/lists/urls.txt`]);
    expect(spooled(cwd)).toEqual([]);
  });

  test("where it can't be kept, no job begins", async () => {
    await using server = await listServer();
    const cwd = scratchDirectory();
    const url = `${server.url}/lists/urls.txt`;
    server.has("urls.txt", `${server.url}/ok\n`);
    const name = `o.jsonl.list-${createHash("sha256").update(`lines ${url}`).digest("hex").slice(0, 8)}`;
    mkdirSync(join(cwd, name));
    const { code, stderr } = await runSkein(["fetch", url, "--format", "lines", "-o", "o.jsonl"], { cwd });
    expect({ code, stderr }).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("can't write the list "),
    });
    expect(stderr).toContain(name);
    expect(existsSync(join(cwd, "o.jsonl"))).toBe(false);
  });

  test("it is fetched once: the job goes on with what it was then", async () => {
    await using server = await listServer();
    const cwd = scratchDirectory();
    const fetch = (...more: string[]) =>
      runSkein(["fetch", `${server.url}/lists/urls.txt`, "--format", "lines", "-o", "o.jsonl", ...more], {
        cwd,
      });
    server.has("urls.txt", `# ours\n${server.url}/ok?1\n${server.url}/ok?2\n`);
    expect(await fetch()).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("Fetching the list http"),
    });
    expect(urlsIn(cwd)).toEqual([`${server.url}/ok?1`, `${server.url}/ok?2`]);
    server.has("urls.txt", `${server.url}/ok?3\n`);
    expect((await fetch()).stderr).toMatch(/is complete, so nothing is sent/);
    expect(server.asked("urls.txt")).toBe(1);
    expect((await fetch("--fresh")).code).toBe(0);
    expect(urlsIn(cwd)).toEqual([`${server.url}/ok?3`]);
    expect(spooled(cwd)).toHaveLength(1);
  });

  test("a packed table, also where a content coding came on top", async () => {
    await using server = await listServer();
    const cwd = scratchDirectory();
    const table = gzipSync(`name,url\na,${server.url}/ok?1\n`);
    server.has("t.csv.gz", table);
    server.has("coded.csv.gz", table, { "content-encoding": "gzip" });
    server.has("twice.csv.gz", gzipSync(table), { "content-encoding": "gzip" });
    for (const name of ["t.csv.gz", "coded.csv.gz", "twice.csv.gz"]) {
      const args = ["fetch", `${server.url}/lists/${name}`, "--format", "csv", "-o", "o.jsonl", "--fresh"];
      expect(await runSkein(args, { cwd })).toMatchObject({ code: 0 });
      expect(readRows(join(cwd, "o.jsonl"))).toMatchObject([
        { url: `${server.url}/ok?1`, meta: { name: "a" } },
      ]);
    }
  });

  test("a job that was begun with another list is left alone", async () => {
    await using server = await listServer();
    const cwd = scratchDirectory();
    writeFileSync(join(cwd, "urls.txt"), `${server.url}/ok?1\n`);
    await runSkein(["fetch", "urls.txt", "-o", "o.jsonl"], { cwd });
    const before = readFileSync(join(cwd, "o.jsonl"), "utf8");
    const end = await runSkein(["fetch", `${server.url}/lists/a`, "--format", "lines", "-o", "o.jsonl"], {
      cwd,
    });
    expect(end).toMatchObject({
      code: expect.any(Number),
      stderr: expect.stringContaining("was begun with another list"),
    });
    expect(end.code).not.toBe(0);
    expect(server.asked("a")).toBe(0);
    expect(readFileSync(join(cwd, "o.jsonl"), "utf8")).toBe(before);
  });

  test("killed while it comes, it is fetched anew; nothing of the half stays", async () => {
    await using server = await listServer();
    const cwd = scratchDirectory();
    const args = ["fetch", `${server.url}/lists/slow`, "--format", "lines", "-o", "o.jsonl"];
    server.answers("slow", response => response.writeHead(200).write(`${server.url}/ok?1\n${server.url}/ok`));
    const running = startSkein(args, { cwd });
    const hasBegun = () => spooled(cwd).length > 0;
    await expect.poll(hasBegun, { timeout: 20_000 }).toBe(true);
    running.child.kill("SIGKILL");
    expect((await running.ended).signal).toBe("SIGKILL");
    expect(existsSync(join(cwd, "o.jsonl.job.db"))).toBe(false);
    server.has("slow", `${server.url}/ok?1\n${server.url}/ok?2\n`);
    expect((await runSkein(args, { cwd })).code).toBe(0);
    expect(urlsIn(cwd)).toEqual([`${server.url}/ok?1`, `${server.url}/ok?2`]);
    expect(spooled(cwd)).toHaveLength(1);
  });

  test("a job that is under way keeps its list, whoever begins it anew meanwhile, or at the same time", async () => {
    await using server = await listServer();
    const cwd = scratchDirectory();
    const args = ["fetch", `${server.url}/lists/urls.txt`, "--format", "lines", "-o", "o.jsonl", "-j", "1"];
    const list = (version: number) =>
      Array.from({ length: 40 }, (_, i) => `${server.url}/delay/50?v${version}-${i}\n`).join("");
    server.has("urls.txt", list(1));
    const running = startSkein(args, { cwd });
    const hasBegun = () => existsSync(join(cwd, "o.jsonl")) && urlsIn(cwd).length > 2;
    await expect.poll(hasBegun, { timeout: 15_000 }).toBe(true);
    server.has("urls.txt", list(2));
    const refused = await runSkein([...args, "--fresh"], { cwd });
    expect(refused).toMatchObject({
      code: 7,
      stderr: expect.stringMatching(/o\.jsonl is being written by another run, process \d+/),
    });
    expect(server.asked("urls.txt")).toBe(1);
    running.child.kill("SIGKILL");
    await running.ended;
    expect((await runSkein(args, { cwd })).code).toBe(0);
    expect(urlsIn(cwd).every(url => url.includes("?v1-"))).toBe(true);
    expect(urlsIn(cwd)).toHaveLength(40);
    // Both ask for it before one of them has begun the job.
    const other = scratchDirectory();
    let asked = 0;
    server.answers("urls.txt", response => {
      asked += 1;
      const version = asked;
      setTimeout(() => response.writeHead(200).end(list(version)), version * 400);
    });
    const ends = await Promise.all([runSkein(args, { cwd: other }), runSkein(args, { cwd: other })]);
    expect(ends.map(({ code }) => code).sort()).toEqual([0, 7]);
    expect(asked).toBe(2);
    expect(new Set(urlsIn(other).map(url => /v\d/.exec(url)![0])).size).toBe(1);
    expect(urlsIn(other)).toHaveLength(40);
    expect(spooled(other)).toHaveLength(1);
  });

  test("one that ends early, or is not there, is told by its URL, and no job begins", async () => {
    await using server = await listServer();
    const cwd = scratchDirectory();
    server.answers("cut", response => {
      response.writeHead(200, { "content-length": "1000" });
      response.write(`${server.url}/ok\n`, () => response.destroy());
    });
    for (const [name, reason] of [
      ["cut", "can't read the list"],
      ["none", "the server answered 404"],
    ] as const) {
      const end = await runSkein(
        ["fetch", `${server.url}/lists/${name}`, "--format", "lines", "-o", "o.jsonl"],
        { cwd },
      );
      expect(end.code).toBe(3);
      expect(end.stderr).toContain(reason);
      expect(end.stderr).toContain(`${server.url}/lists/${name}`);
      expect(readdirSync(cwd)).toEqual([]);
    }
  });
});

describe("skein fetch --format sitemap URL", () => {
  const fetchMap = (cwd: string, url: string) =>
    runSkein(["fetch", url, "--format", "sitemap", "-o", "o.jsonl"], { cwd });

  test("a sitemap: what its entries say of themselves is their meta; what is no URL is rejected", async () => {
    await using server = await listServer();
    const cwd = scratchDirectory();
    const entries = [
      URL_OF(`${server.url}/ok?a=1&amp;b=2`, "<lastmod>2026-01-02</lastmod>"),
      URL_OF("ftp://a.example/"),
    ];
    server.has("sitemap.xml", SITEMAP(entries.join("")));
    expect((await fetchMap(cwd, `${server.url}/lists/sitemap.xml`)).code).toBe(1);
    expect(readRows(join(cwd, "o.jsonl"))).toMatchObject([
      { id: 1, url: `${server.url}/ok?a=1&b=2`, meta: { lastmod: "2026-01-02" } },
    ]);
    expect(readFileSync(join(cwd, "o.rejects.jsonl"), "utf8")).toContain("ftp://a.example/");
  });

  test("an index: all entries of its sitemaps, packed or not, in their order, with their sitemap", async () => {
    await using server = await listServer();
    const cwd = scratchDirectory();
    const at = (name: string) => `${server.url}/lists/${name}`;
    server.has("index.xml", INDEX(at("a.xml"), at("b.xml.gz")));
    server.has("a.xml", SITEMAP(URL_OF(`${server.url}/ok?1`) + URL_OF(`${server.url}/ok?2`)));
    server.has("b.xml.gz", gzipSync(SITEMAP(URL_OF(`${server.url}/ok?3`, "<priority>0.5</priority>"))));
    expect((await fetchMap(cwd, at("index.xml"))).code).toBe(0);
    const rows = readRows(join(cwd, "o.jsonl")).sort((a, b) => Number(a.id) - Number(b.id));
    expect(rows).toMatchObject([
      { id: 1, url: `${server.url}/ok?1`, meta: { sitemap: at("a.xml") } },
      { id: 2, url: `${server.url}/ok?2`, meta: { sitemap: at("a.xml") } },
      { id: 3, url: `${server.url}/ok?3`, meta: { sitemap: at("b.xml.gz"), priority: "0.5" } },
    ]);
  });

  test("credentials go to the server of the list alone, whoever has the sitemaps that it names", async () => {
    await using server = await listServer();
    const cwd = scratchDirectory();
    await using other = await originServer({
      routes: { map: ({ response }) => void response.end(SITEMAP(URL_OF(`${server.url}/ok?1`))) },
    });
    server.has("index.xml", INDEX(`${other.url}/map`, `${server.url}/lists/own.xml`));
    server.has("own.xml", SITEMAP(URL_OF(`${server.url}/ok?2`)));
    const headers = ["-H", "authorization: Bearer s3cret", "-H", "x-api-key: k", "-H", "accept-language: de"];
    const args = ["fetch", `${server.url}/lists/index.xml`, "--format", "sitemap", "-o", "o.jsonl"];
    const end = await runSkein([...args, ...headers], { cwd });
    expect(end.code, end.stderr).toBe(0);
    const [map] = other.requests;
    const names = ["authorization", "x-api-key", "accept-language"];
    expect(names.map(name => map!.header(name))).toEqual([undefined, undefined, "de"]);
    for (const name of ["index.xml", "own.xml"])
      expect(names.map(field => server.request(name).header(field))).toEqual(["Bearer s3cret", "k", "de"]);
  });

  test.each([
    [
      "an index in an index",
      INDEX("http://a.example/x.xml"),
      /inner\.xml: it is an index itself, and http\S+index\.xml names it/,
    ],
    ["HTML", "<html></html>", /inner\.xml: its root is <html>, not <urlset>/],
    ["no XML, in its third line", SITEMAP("<url>\n</loc>"), /inner\.xml: .*line: 2/],
    ["one that is not there", undefined, /inner\.xml: the server answered 404/],
  ])("%s is told, with its URL; no job begins", async (_, inner, message) => {
    await using server = await listServer();
    const cwd = scratchDirectory();
    server.has("index.xml", INDEX(`${server.url}/lists/inner.xml`));
    if (inner !== undefined) server.has("inner.xml", inner);
    const end = await fetchMap(cwd, `${server.url}/lists/index.xml`);
    expect(end).toMatchObject({ code: 3, stderr: expect.stringMatching(message) });
    expect(readdirSync(cwd)).toEqual([]);
  });

  test("an index whose entry is no URL of a sitemap is told, with the entry", async () => {
    await using server = await listServer();
    server.has("index.xml", INDEX("file:///etc/passwd"));
    const end = await fetchMap(scratchDirectory(), `${server.url}/lists/index.xml`);
    expect(end.stderr).toContain('index.xml: its entry 1 is no URL of a sitemap: "file:///etc/passwd"');
  });
});
