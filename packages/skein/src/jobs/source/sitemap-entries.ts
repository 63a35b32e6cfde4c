import type { SAXParser } from "sax";
import { JobError } from "../job-error.ts";
import type { ListBytes } from "./list-bytes.ts";

/** An entry of a sitemap, or of an index of sitemaps. */
export interface SitemapEntry {
  /** From 1. */
  readonly number: number;
  /** As it stands there; it need not be a URL. */
  readonly loc: string;
  /** `lastmod`, `changefreq` and `priority`, where one of them is there. */
  readonly meta?: Readonly<Record<string, string>>;
}

export interface SitemapPart {
  /** Whether the entries name other sitemaps. */
  readonly isIndex: boolean;
  readonly entries: readonly SitemapEntry[];
}

const META = new Set(["lastmod", "changefreq", "priority"]);
/** A URL is at most 2,048 characters long (sitemaps.org); what is far beyond that is no sitemap, and would fill the memory. */
const LONGEST_TEXT = 65_536;
/** Images, videos and translations stand four deep. */
const DEEPEST = 100;
const ENTRY = { urlset: "url", sitemapindex: "sitemap" } as const;

/**
 * The entries of a sitemap or of an index (sitemaps.org), as they are read.
 *
 * @throws JobError naming the list, and the line, where it is neither, or not well-formed, or ends early
 */
export async function* sitemapParts(list: ListBytes): AsyncGenerator<SitemapPart> {
  // Loaded when a list is a sitemap: most are not.
  const { default: sax } = await import("sax");
  const reader = new SitemapReader(sax.parser(true, { position: true }), list.name);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for await (const chunk of list.chunks(0)) {
    const part = reader.push(decoded(decoder, chunk, list.name));
    if (part.entries.length > 0) yield part;
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

/** Takes a sitemap's text as it comes and gives the entries that it completes. */
class SitemapReader {
  readonly #parser: SAXParser;
  readonly #name: string;
  /** The names of the elements that are open, without prefixes. */
  readonly #open: string[] = [];
  #fields = new Map<string, string>();
  #text = "";
  #count = 0;
  #entries: SitemapEntry[] = [];
  #root: "urlset" | "sitemapindex" = "urlset";
  #failure: Error | undefined;

  constructor(parser: SAXParser, name: string) {
    this.#parser = parser;
    this.#name = name;
    parser.onopentag = ({ name: tag }) => this.#opened(localName(tag));
    parser.onclosetag = tag => this.#closed(localName(tag));
    parser.ontext = text => this.#add(text);
    parser.oncdata = parser.ontext;
    parser.onerror = error => {
      this.#failure ??= error;
    };
  }

  push(text: string): SitemapPart {
    this.#parser.write(text);
    this.#check();
    return { isIndex: this.#root === "sitemapindex", entries: this.#entries.splice(0) };
  }

  /** @throws JobError where it ends early */
  end(): void {
    this.#parser.close();
    this.#check();
  }

  #opened(name: string): void {
    if (this.#open.length === 0) this.#begin(name);
    this.#open.push(name);
    if (this.#open.length > DEEPEST)
      this.#failure ??= new Error(`its elements stand more than ${DEEPEST} deep in each other`);
    this.#text = "";
    if (this.#isEntry(name)) this.#fields = new Map();
  }

  #begin(root: string): void {
    if (root === "urlset" || root === "sitemapindex") this.#root = root;
    else this.#failure ??= new Error(`its root is <${root}>, not <urlset>: that is no sitemap`);
  }

  #add(text: string): void {
    // Only the text of a field is wanted, and it may come in parts.
    if (this.#open.length !== 3) return;
    if (this.#text.length + text.length <= LONGEST_TEXT) this.#text += text;
    else
      this.#failure ??= new Error(
        `the text of <${this.#open.at(-1)}> is longer than ${LONGEST_TEXT} characters`,
      );
  }

  #closed(name: string): void {
    // Images, videos and translations have a `loc` of their own, deeper down.
    if (this.#open.length === 3 && this.#open[1] === ENTRY[this.#root])
      this.#fields.set(name, this.#text.trim());
    if (this.#isEntry(name)) this.#complete();
    this.#open.pop();
  }

  #isEntry(name: string): boolean {
    return name === ENTRY[this.#root] && this.#open.length === 2;
  }

  #complete(): void {
    this.#count += 1;
    const meta = [...this.#fields].filter(([name]) => META.has(name));
    this.#entries.push({
      number: this.#count,
      loc: this.#fields.get("loc") ?? "",
      ...(meta.length === 0 ? {} : { meta: Object.fromEntries(meta) }),
    });
  }

  #check(): void {
    if (this.#failure === undefined) return;
    throw broken(this.#name, this.#failure.message.replaceAll("\n", ", ").toLowerCase(), this.#failure);
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function broken(name: string, reason: string, cause: unknown): JobError {
  return new JobError("SOURCE_UNREADABLE", `can't read the list ${name}: ${reason}`, { cause, path: name });
}
