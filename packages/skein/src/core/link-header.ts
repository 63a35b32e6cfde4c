/** A link of a response (RFC 8288). */
export interface Link {
  /** The target as it was sent; it may be relative to the response's URL. */
  readonly url: string;
  /** Its relation types, in lower case, separated by spaces: `next`, `prev last`. */
  readonly rel: string;
  /** Every parameter, by its name in lower case; of repeated ones the first. Without a prototype. */
  readonly params: Readonly<Record<string, string>>;
}

/**
 * The links of Link header fields, in their order. Reads as RFC 8288 appendix B.2 does, so what comes before a mistake is
 * kept; each character is looked at once.
 */
export function parseLinks(field: string): Link[] {
  const reader = new Reader(field);
  const links: Link[] = [];
  for (;;) {
    reader.skip(" \t,");
    if (!reader.take("<")) return links;
    const url = reader.upTo(">");
    if (url === undefined) return links;
    const params = readParams(reader);
    links.push({ url: url.trim(), rel: (params.rel ?? "").toLowerCase(), params });
  }
}

/** The first link of each relation type, by its name in lower case. Without a prototype: no name is special. */
export function linksByRelation(links: readonly Link[]): Readonly<Record<string, Link>> {
  const byRelation: Record<string, Link> = Object.create(null);
  for (const link of links) {
    for (const relation of link.rel.split(/[ \t]+/)) if (relation !== "") byRelation[relation] ??= link;
  }
  return byRelation;
}

function readParams(reader: Reader): Record<string, string> {
  const params: Record<string, string> = Object.create(null);
  for (;;) {
    reader.skip(" \t");
    if (!reader.take(";")) return params;
    reader.skip(" \t");
    const name = reader.until(" \t=;,").toLowerCase();
    reader.skip(" \t");
    const value = reader.take("=") ? readValue(reader) : "";
    if (name !== "") params[name] ??= value;
  }
}

function readValue(reader: Reader): string {
  reader.skip(" \t");
  return reader.take('"') ? reader.quoted() : reader.until(" \t;,");
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  skip(characters: string): void {
    while (this.#at < this.#text.length && characters.includes(this.#text[this.#at]!)) this.#at += 1;
  }

  /** What comes before one of these characters, or the end. */
  until(characters: string): string {
    const start = this.#at;
    while (this.#at < this.#text.length && !characters.includes(this.#text[this.#at]!)) this.#at += 1;
    return this.#text.slice(start, this.#at);
  }

  /** What comes before this character, which is taken too; undefined when it does not come. */
  upTo(character: string): string | undefined {
    const end = this.#text.indexOf(character, this.#at);
    if (end < 0) return undefined;
    const found = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return found;
  }

  /** A quoted string behind its opening quote; one that is not closed ends with the text. */
  quoted(): string {
    let value = "";
    let start = this.#at;
    for (; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text[this.#at];
      if (character !== '"' && character !== "\\") continue;
      value += this.#text.slice(start, this.#at);
      start = this.#at + 1;
      this.#at += 1;
      if (character === '"') return value;
    }
    return value + this.#text.slice(start);
  }
}
