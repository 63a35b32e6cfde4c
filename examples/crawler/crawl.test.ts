import { expect, type OriginExchange, onTestFinished, originServer, sendText, test } from "@skein/testkit";
import { type Crawled, type CrawlSettings, crawl } from "./crawl.ts";

const NAME = "test-crawler";
const FAST: CrawlSettings = { name: NAME, perHost: 2, hostRate: "500/s", maxPages: 1_000 };

/** Pages by the first part of their path, as HTML; a number is a status. */
type Pages = Readonly<Record<string, string | number | ((exchange: OriginExchange) => void)>>;

/** A host, with what it was asked for and how many requests it had at once. */
async function startHost(pages: Pages, answerMs = 0) {
  const seen = { targets: [] as string[], times: [] as number[], now: 0, most: 0 };
  const route = (page: Pages[string]) => (exchange: OriginExchange) => {
    const { request, response } = exchange;
    seen.targets.push(request.url ?? "");
    seen.times.push(performance.now());
    seen.now += 1;
    seen.most = Math.max(seen.most, seen.now);
    response.once("close", () => {
      seen.now -= 1;
    });
    setTimeout(() => {
      if (typeof page === "function") return page(exchange);
      if (typeof page === "number") response.statusCode = page;
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(String(page));
    }, answerMs);
  };
  const routes = Object.fromEntries(Object.entries(pages).map(([name, page]) => [name, route(page)]));
  const origin = await originServer({ routes });
  onTestFinished(() => origin.close());
  return { url: `${origin.url}/`, seen };
}

const links = (...targets: readonly string[]) =>
  targets.map(target => `<a href="${target}">x</a>`).join("\n");
const moved = (to: string) => (exchange: OriginExchange) =>
  void exchange.response.writeHead(302, { location: to }).end();

async function crawled(seeds: readonly string[], settings = FAST): Promise<Crawled[]> {
  const pages: Crawled[] = [];
  for await (const page of crawl(seeds, settings)) pages.push(page);
  return pages;
}

const ROBOTS = `User-agent: *\nDisallow: /\n\nUser-agent: ${NAME}\nDisallow: /private\nAllow: /private/open\n`;

test("every page that can be reached and may be visited, once; nothing else is asked for", async () => {
  const outside = await startHost({ "": "not of our hosts" });
  const second = await startHost({ "": links("/leaf#part", "/leaf"), leaf: "a leaf" });
  const first = await startHost({
    "robots.txt": ({ response }) => sendText(response, ROBOTS),
    "": links(
      "a",
      "/a#again",
      "./b/",
      "/private/shut",
      "/private/open",
      second.url,
      outside.url,
      "mailto:x@a.test",
    ),
    a: `<base href="/b/"><a href='deep?x=1&amp;y=2'>back</a> <a rel="nofollow" href="/secret">no</a>`,
    b: links("/", "/moved", "/trap", "/gone", "//[bad", "javascript:void 0"),
    moved: moved("/target"),
    trap: moved("/private/by-redirect"),
    target: "the target",
    gone: 410,
    secret: "linked with nofollow",
    private: "open or shut",
  });
  const pages = await crawled([first.url, second.url]);
  expect(first.seen.targets.toSorted()).toEqual([
    "/",
    "/a",
    "/b/",
    "/b/deep?x=1&y=2",
    "/gone",
    "/moved",
    "/private/open",
    "/robots.txt",
    "/target",
    "/trap",
  ]);
  expect(second.seen.targets.toSorted()).toEqual(["/", "/leaf"]);
  expect(outside.seen.targets).toEqual([]);
  expect(pages).toHaveLength(9 + 2);
  expect(pages.filter(page => "error" in page).map(({ url }) => url)).toEqual([`${first.url}gone`]);
});

test("a host whose robots.txt can't be read is left alone", async () => {
  const broken = await startHost({ "robots.txt": 500, "": "a page" });
  const well = await startHost({ "robots.txt": moved("/rules"), rules: 404, "": "a page" });
  expect(await crawled([broken.url, well.url])).toEqual([{ url: well.url, status: 200, links: 0 }]);
  expect(new Set(broken.seen.targets)).toEqual(new Set(["/robots.txt"]));
});

const NUMBERS = Array.from({ length: 30 }, (_, index) => `/page/${index}`);
const MANY: Pages = { "robots.txt": 404, "": links(...NUMBERS), page: "a page" };

test("many hosts at once, but few requests at once to each", async () => {
  const hosts = await Promise.all(Array.from({ length: 4 }, () => startHost(MANY, 20)));
  const found = await crawled(hosts.map(({ url }) => url));
  expect(found).toHaveLength(4 * 31);
  for (const { seen } of hosts) expect(seen.most).toBe(2);
  const [begins, ends] = [
    hosts.map(({ seen }) => seen.times[0]!),
    hosts.map(({ seen }) => seen.times.at(-1)!),
  ];
  expect(Math.max(...begins), "side by side").toBeLessThan(Math.min(...ends));
});

test("no more requests a second than a host is to get", async () => {
  const { url, seen } = await startHost(MANY);
  expect(await crawled([url], { ...FAST, hostRate: "20/s" })).toHaveLength(31);
  const inASecond = seen.times.map(from => seen.times.filter(at => at >= from && at < from + 1_000).length);
  // 20, its robots.txt, and what a busy machine may bunch on the way.
  expect(Math.max(...inASecond)).toBeLessThanOrEqual(24);
});

test("a site without end: it stops after so many pages", async () => {
  const host = await startHost({
    "": links("/node/1"),
    node: ({ response, parts }) => {
      const number = Number(parts[1]);
      response.setHeader("content-type", "text/html");
      response.end(links(`/node/${2 * number}`, `/node/${2 * number + 1}`));
    },
  });
  const pages = await crawled([host.url], { ...FAST, maxPages: 40 });
  expect(pages).toHaveLength(40);
  expect(new Set(pages.map(({ url }) => url)).size).toBe(40);
  expect(host.seen.targets).toHaveLength(40);
});
