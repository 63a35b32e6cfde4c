// node crawl.ts URL...: follows the links of pages, on the hosts that it was given, and lists what it has read.

import { Parser } from "htmlparser2";
import { Client, type Rate, type Response } from "../../packages/skein/src/entry/node.ts";
import { Frontier } from "./frontier.ts";
import { Robots } from "./robots.ts";

export interface CrawlSettings {
  /** By which robots.txt may speak of us; also sent as the User-Agent. */
  readonly name: string;
  /** Requests at once to one host. */
  readonly perHost: number;
  /** Requests a time to one host, such as "2/s". */
  readonly hostRate: Rate;
  readonly maxPages: number;
}

export type Crawled =
  | { readonly url: string; readonly status: number; readonly links: number }
  | { readonly url: string; readonly error: string };

/** The pages that can be reached from the seeds, without leaving their hosts, each once, as they come. */
export async function* crawl(seeds: readonly string[], settings: CrawlSettings): AsyncGenerator<Crawled> {
  const { name, perHost, hostRate, maxPages } = settings;
  // A redirect is a link like any other: robots.txt is asked about its target too.
  await using client = new Client({ headers: { "user-agent": name }, redirect: false, timeout: "30s" });
  const robots = new Robots(client, name);
  const hosts = new Set(seeds.map(seed => new URL(seed).origin));
  const frontier = new Frontier({
    maxPages,
    allows: async url => hosts.has(url.origin) && (await robots.allow(url)),
  });
  for (const seed of seeds) frontier.add(seed);
  const pages = client.batch(frontier, {
    concurrency: 50,
    perOrigin: perHost,
    perOriginRate: hostRate,
    accept: status => status < 400,
    parse: linksOf,
    maxResponseBytes: 4 * 1024 * 1024,
  });
  for await (const page of pages) {
    const url = page.input;
    if (page.state === "succeeded") {
      for (const link of page.value) frontier.add(link);
      yield { url, status: page.response.status, links: page.value.length };
    } else yield { url, error: page.error.message };
    // Not before its links are there: the frontier ends when nothing is open.
    frontier.done();
  }
}

/** Where a page leads: the target of a redirect, or the links of HTML, but those that ask not to be followed. */
function linksOf(response: Response): string[] {
  if (response.status >= 300) return resolved(response.headers.get("location"), response.url);
  if (!/^text\/html\b/i.test(response.headers.get("content-type") ?? "")) return [];
  const links: string[] = [];
  let base = response.url;
  const parser = new Parser({
    onopentag(tag, { href, rel = "" }) {
      if (tag === "base") base = URL.parse(href ?? "", base)?.href ?? base;
      if (tag === "a" && !/\bnofollow\b/i.test(rel)) links.push(...resolved(href, base));
    },
  });
  parser.end(response.text());
  return links;
}

function resolved(link: string | null | undefined, base: string): string[] {
  const url = link == null ? null : URL.parse(link, base);
  return url === null ? [] : [url.href];
}

if (import.meta.main) {
  const settings = { name: "skein-example", perHost: 2, hostRate: "2/s", maxPages: 1_000 };
  for await (const page of crawl(process.argv.slice(2), settings)) console.log(JSON.stringify(page));
}
