import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type OriginExchange, onTestFinished, originServer, sendJson, test } from "@skein/testkit";
import { Client } from "../../packages/skein/src/entry/node.ts";
import { type Harvested, harvest } from "./harvest.ts";

const COUNT = 120;
const PAGE_SIZE = 20;
const REST_MS = 1_000;
/** What was on its way when the server said 429. */
const ON_ITS_WAY_MS = 150;

/** Says 429 with Retry-After once, at a request of a given number, and whoever comes before that is over is refused too. */
class Limit {
  readonly times: number[] = [];
  /** Requests that came although they could have known. */
  disobedient = 0;
  readonly #at: number;
  #refusedAt = Number.NEGATIVE_INFINITY;

  constructor(at: number) {
    this.#at = at;
  }

  refuses({ response }: OriginExchange): boolean {
    const now = performance.now();
    this.times.push(now);
    if (this.times.length === this.#at) this.#refusedAt = now;
    const since = now - this.#refusedAt;
    if (since >= REST_MS - 10) return false;
    if (since > ON_ITS_WAY_MS) this.disobedient += 1;
    response.writeHead(429, { "retry-after": "1" }).end();
    return true;
  }

  /** The most requests in a second, wherever it is laid. */
  get busiestSecond(): number {
    return Math.max(
      ...this.times.map(from => this.times.filter(at => at >= from && at < from + 1_000).length),
    );
  }
}

/** Orders in pages: the first of each page is the last of the one before, and one can't be read. */
async function startApi() {
  const pages = new Limit(3);
  const details = new Limit(50);
  const answers = new Map<number, number>();
  const origin = await originServer({
    routes: {
      orders: exchange => {
        if (pages.refuses(exchange)) return;
        const page = Number(exchange.query.get("page") ?? 0);
        const first = Math.max(0, page * PAGE_SIZE - 1);
        const ids = Array.from({ length: (page + 1) * PAGE_SIZE - first }, (_, index) => first + index);
        if ((page + 1) * PAGE_SIZE < COUNT)
          exchange.response.setHeader("link", `</orders?page=${page + 1}>; rel="next"`);
        sendJson(
          exchange.response,
          ids.map(id => ({ id, url: `/order/${id}` })),
        );
      },
      order: exchange => {
        if (details.refuses(exchange)) return;
        const id = Number(exchange.parts[1]);
        answers.set(id, (answers.get(id) ?? 0) + 1);
        if (id === 77) exchange.response.statusCode = 410;
        sendJson(exchange.response, { id, amount: id * 10 });
      },
    },
  });
  onTestFinished(() => origin.close());
  return { url: `${origin.url}/orders`, pages, details, answers };
}

const byId = (rows: readonly Harvested[]) => rows.toSorted((a, b) => a.id - b.id);
const expected = Array.from({ length: COUNT }, (_, id) =>
  id === 77 ? { id, error: expect.stringContaining("410") } : { id, order: { id, amount: id * 10 } },
);

test("every order once, within the rate, and nothing is sent while the API wants a rest", async () => {
  const { url, pages, details, answers } = await startApi();
  await using client = new Client({ timeout: "30s" });
  const rows: Harvested[] = [];
  for await (const row of harvest(client, url, { rate: "50/s", concurrency: 10 })) rows.push(row);
  expect(byId(rows)).toEqual(expected);
  expect([...answers.values()].every(count => count === 1)).toBe(true);
  // 50, and what a busy machine may bunch on the way.
  expect(details.busiestSecond).toBeLessThanOrEqual(55);
  expect(details.disobedient).toBe(0);
  expect(pages.disobedient).toBe(0);
  expect(pages.times).toHaveLength(COUNT / PAGE_SIZE + 1);
  expect(details.times.length, "the refused ones were sent again").toBeGreaterThan(COUNT);
});

test("as a program: rows in a file, and a failure shows in the exit code", async () => {
  const { url } = await startApi();
  const folder = await mkdtemp(join(tmpdir(), "skein-harvest-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "orders.jsonl");
  const program = new URL("harvest.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [program, url, path], { stdio: "ignore" });
  onTestFinished(() => {
    child.kill();
  });
  expect(await new Promise(resolve => child.once("exit", resolve))).toBe(1);
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  expect(byId(lines.map(line => JSON.parse(line) as Harvested))).toEqual(expected);
});
