import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "@skein/testkit";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "tsdown";
import { type ExampleServer, startExample } from "./server.ts";

/** The example page in a real browser, with the library as it is built from these sources. */

let folder: string;
let example: ExampleServer;
let browser: Browser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-web-"));
  const entry = new URL("../../packages/skein/src/entry/web.ts", import.meta.url).pathname;
  await build({
    config: false,
    entry: { web: entry, query: "@tanstack/query-core" },
    deps: { alwaysBundle: ["@tanstack/query-core"] },
    outDir: folder,
    platform: "browser",
    target: "es2022",
    dts: false,
    fixedExtension: false,
    logLevel: "error",
  });
  example = await startExample(pathToFileURL(`${folder}/`));
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await example?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** The page, and what went wrong in it. */
async function open(): Promise<{ page: Page; problems: string[] }> {
  const page = await browser.newPage({ viewport: { width: 720, height: 860 } });
  page.setDefaultTimeout(10_000);
  const problems: string[] = [];
  page.on("pageerror", error => problems.push(String(error)));
  page.on("console", message => message.type() === "error" && problems.push(message.text()));
  await page.goto(example.url);
  await page.getByText("24 found").waitFor();
  return { page, problems };
}

/** What `load` brings into the page, for functions that run there. */
interface Loaded {
  readonly Client: typeof import("../../packages/skein/src/entry/web.ts").Client;
  readonly QueryClient: typeof import("@tanstack/query-core").QueryClient;
}

async function load(page: Page): Promise<void> {
  const content = `
    import { Client } from "skein";
    import { QueryClient } from "/skein/query.js";
    globalThis.loaded = { Client, QueryClient };
  `;
  await page.addScriptTag({ type: "module", content });
  await page.waitForFunction("globalThis.loaded !== undefined");
}

test("the library for pages has not a word of Node's in it", async () => {
  const files = (await readdir(folder)).filter(name => name.endsWith(".js"));
  expect(files).toContain("web.js");
  for (const name of files) {
    const code = await readFile(join(folder, name), "utf8");
    expect(code, name).not.toMatch(/["'`]node:|getBuiltinModule|\bBuffer\b|\bprocess\.(?!env)/);
  }
});

test("lists, and searches: an answer that is no longer wanted is cancelled, down to the server", async () => {
  const { page, problems } = await open();
  const before = example.seen.abandoned;
  const box = page.getByRole("searchbox");
  await box.pressSequentially("goose", { delay: 20 });
  await page.getByText("7 found").waitFor();
  expect(await page.locator("#birds li").allTextContents()).toEqual([
    "Barnacle goose",
    "Bean goose",
    "Brent goose",
    "Canada goose",
    "Greylag goose",
    "Pink-footed goose",
    "Snow goose",
  ]);
  await expect.poll(() => example.seen.abandoned - before).toBeGreaterThanOrEqual(3);
  expect(problems).toEqual([]);
  await page.close();
});

test("counts with a batch; cancelled, it stops and says how far it came", async () => {
  const { page, problems } = await open();
  await page.getByRole("button", { name: "Count" }).click();
  await page.getByText(/^\d+ birds in 24 flocks$/).waitFor();

  await page.getByRole("button", { name: "Count" }).click();
  await page.getByText(/birds in (6|7|8|9|1\d) flocks/).waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText(/stopped, \d+ not counted/).waitFor();
  if (process.env.SKEIN_SCREENSHOT) await page.screenshot({ path: process.env.SKEIN_SCREENSHOT });
  expect(await page.getByRole("button", { name: "Count" }).isEnabled()).toBe(true);
  expect(problems).toEqual([]);
  await page.close();
});

test("in a page: only accept is sent, redirects are followed, what a page can't do is refused by name", async () => {
  const { page } = await open();
  await load(page);
  const facts = await page.evaluate(async () => {
    const { Client } = (globalThis as unknown as { loaded: Loaded }).loaded;
    const sent: string[] = [];
    const original = globalThis.fetch;
    globalThis.fetch = (input, init) => {
      sent.push(...new Headers(init?.headers).keys());
      return original(input, init);
    };
    const refused = [
      { tls: {} },
      { limits: { maxConnections: 2 } },
      { timeout: { connect: 5 } },
      { cookies: true },
    ].map(options => {
      try {
        new Client(options as never);
        return "accepted";
      } catch (error) {
        return (error as Error).message.split(":")[0];
      }
    });
    const client = new Client({ retry: false });
    const listed = await client.get("/api/birds");
    const relative = (await client.get("api/birds/3")).url;
    const failed = await client.get("http://127.0.0.1:9/").catch((error: { code: string }) => error.code);
    const late = await client
      .get("/api/birds", { timeout: "50ms" })
      .catch((error: { code: string }) => error.code);
    globalThis.fetch = original;
    return {
      sent: [...new Set(sent)],
      refused,
      status: listed.status,
      url: listed.url,
      relative,
      failed,
      late,
    };
  });
  expect(facts).toEqual({
    sent: ["accept"],
    refused: ["tls", "limits.maxConnections", "timeout.connect", "cookies"],
    status: 200,
    url: `${example.url}api/birds`,
    relative: `${example.url}api/birds/3`,
    failed: "FETCH_FAILED",
    late: "TOTAL_TIMEOUT",
  });
  await page.close();
});

test("TanStack Query, with its signal and without its retries, is told of each end as it knows them", async () => {
  const { page, problems } = await open();
  await load(page);
  const before = example.seen.abandoned;
  const facts = await page.evaluate(async () => {
    const { Client, QueryClient } = (globalThis as unknown as { loaded: Loaded }).loaded;
    const client = new Client({ baseUrl: "/api", raiseForStatus: true });
    const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
    const birds = (search: string) =>
      queries.fetchQuery({
        queryKey: ["birds", search],
        queryFn: ({ signal }) => client.get("/birds", { params: { search }, signal }).json<unknown[]>(),
      });
    const found = (await birds("swan")).length;
    const cancelled = birds("goose").catch((error: { constructor: { name: string } }) => error);
    // Late enough to be on its way, early enough to be unanswered.
    await new Promise(resolve => setTimeout(resolve, 75));
    await queries.cancelQueries({ queryKey: ["birds", "goose"] });
    const failed = await queries
      .fetchQuery({ queryKey: ["none"], queryFn: ({ signal }) => client.get("/none", { signal }).json() })
      .catch((error: { code: string; status: number }) => [error.code, error.status]);
    return { found, cancelled: "revert" in (await cancelled), failed };
  });
  expect(facts).toEqual({ found: 3, cancelled: true, failed: ["HTTP_STATUS", 404] });
  await expect.poll(() => example.seen.abandoned - before).toBe(1);
  expect(problems.filter(problem => !problem.includes("404"))).toEqual([]);
  await page.close();
});

test("TanStack Query with `retry: false` leaves the retries to us: what is refused is asked for three times, not twelve", async () => {
  const { page } = await open();
  await load(page);
  const asked = await page.evaluate(async () => {
    const { Client, QueryClient } = (globalThis as unknown as { loaded: Loaded }).loaded;
    const original = globalThis.fetch;
    const counts: Record<string, number> = {};
    globalThis.fetch = async input => {
      const { pathname } = new URL(String(input));
      counts[pathname] = (counts[pathname] ?? 0) + 1;
      const refused = pathname === "/api/down" || counts[pathname] < 2;
      return new Response('"back"', { status: refused ? 503 : 200 });
    };
    const client = new Client({ baseUrl: "/api", raiseForStatus: true });
    const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
    const query = (path: string) =>
      queries.fetchQuery({
        queryKey: [path],
        queryFn: ({ signal }) => client.get(path, { signal }).json<string>(),
      });
    const down = await query("/down").catch((error: { status: number }) => error.status);
    const back = await query("/back");
    globalThis.fetch = original;
    return { down, back, counts };
  });
  expect(asked).toEqual({ down: 503, back: "back", counts: { "/api/down": 3, "/api/back": 2 } });
  await page.close();
});
