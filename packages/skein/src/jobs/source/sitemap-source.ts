import type { SAXParser } from "sax";
import { JobError } from "../job-error.ts";
import type { ListBytes } from "./list-bytes.ts";
import { urlItem } from "./parse-line.ts";
import type { Source, SourceLine, SourcePosition } from "./source.ts";

/**
 * A sitemap (sitemaps.org), an entry an item; `lastmod`, `changefreq` and `priority` come back as `meta`. Entries are counted
 * from 1. Reading goes on by reading from the start: a sitemap has 50,000 entries at most.
 */
export function sitemapOf(list: ListBytes): Source {
  return {
    name: list.name,
    seekable: list.seekable,
    blocks: from => readBlocks(list, list.seekable ? from : { offset: 0, line: 0 }),
    count: async () => (list.seekable ? countEntries(list) : undefined),
    fingerprint: () => list.fingerprint(),
  };
}

async function countEntries(list: ListBytes): Promise<number> {
  let count = 0;
  for await (const block of readBlocks(list, { offset: 0, line: 0 })) count += block.length;
  return count;
}

async function* readBlocks(list: ListBytes, from: SourcePosition): AsyncGenerator<readonly SourceLine[]> {
  // Loaded when a list is a sitemap: most are not.
  const { default: sax } = await import("sax");
  const reader = new SitemapReader(sax.parser(true, { position: true }), list.name);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for await (const chunk of list.chunks(0)) {
    const lines = reader.push(decoded(decoder, chunk, list.name)).filter(({ line }) => line > from.line);
    if (lines.length > 0) yield lines;
  }
  reader.end();
}

function decoded(decoder: TextDecoder, chunk: Uint8Array, name: string): string {
  try {
    return decoder.decode(chunk, { stream: true });
  } catch (cause) {
    throw broken(name, "it is not UTF-8", cause);
  }
}

const META = new Set(["lastmod", "changefreq", "priority"]);

/** Takes a sitemap's text as it comes and gives the entries that it completes. */
class SitemapReader {
  readonly #parser: SAXParser;
  readonly #name: string;
  /** The names of the elements that are open, without prefixes. */
  readonly #open: string[] = [];
  #fields = new Map<string, string>();
  #text = "";
  #count = 0;
  #entries: SourceLine[] = [];
  #failure: Error | undefined;

  constructor(parser: SAXParser, name: string) {
    this.#parser = parser;
    this.#name = name;
    parser.onopentag = ({ name: tag }) => this.#opened(localName(tag));
    parser.onclosetag = tag => this.#closed(localName(tag));
    parser.ontext = text => {
      this.#text += text;
    };
    parser.oncdata = parser.ontext;
    parser.onerror = error => {
      this.#failure ??= error;
    };
  }

  push(text: string): SourceLine[] {
    this.#parser.write(text);
    this.#check();
    return this.#entries.splice(0);
  }

  /** @throws JobError where it ends early */
  end(): void {
    this.#parser.close();
    this.#check();
  }

  #opened(name: string): void {
    if (this.#open.length === 0 && name !== "urlset") this.#failure ??= new Error(rootProblem(name));
    this.#open.push(name);
    this.#text = "";
    if (this.#isEntry(name)) this.#fields = new Map();
  }

  #closed(name: string): void {
    // Images, videos and translations have a `loc` of their own, deeper down.
    if (this.#open.length === 3 && this.#open[1] === "url") this.#fields.set(name, this.#text.trim());
    if (this.#isEntry(name)) this.#add();
    this.#open.pop();
  }

  #isEntry(name: string): boolean {
    return name === "url" && this.#open.length === 2;
  }

  #add(): void {
    this.#count += 1;
    const place = { line: this.#count, nextOffset: this.#count };
    const item = urlItem(this.#fields.get("loc") ?? "", place);
    const meta = Object.fromEntries([...this.#fields].filter(([name]) => META.has(name)));
    this.#entries.push(item.kind === "item" && Object.keys(meta).length > 0 ? { ...item, meta } : item);
  }

  #check(): void {
    if (this.#failure === undefined) return;
    throw broken(this.#name, this.#failure.message.replaceAll("\n", ", ").toLowerCase(), this.#failure);
  }
}

function rootProblem(name: string): string {
  return name === "sitemapindex"
    ? "it is an index, which names other sitemaps: give one of those"
    : `its root is <${name}>, not <urlset>: that is no sitemap`;
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function broken(name: string, reason: string, cause: unknown): JobError {
  return new JobError("SOURCE_UNREADABLE", `can't read the list ${name}: ${reason}`, { cause, path: name });
}
