import type { Headers } from "../../core/headers.ts";

/** One way to authenticate that a server offers (RFC 9110 §11.3). */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** By lower-case name; of a name that is repeated, the first. */
  readonly parameters: ReadonlyMap<string, string>;
  /** What stands in the place of parameters: `Negotiate dG9rZW4=`. */
  readonly token68: string | undefined;
}

/** Every challenge of a response, in the server's order of preference. */
export function challengesOf(headers: Headers): Challenge[] {
  return headers.getList("www-authenticate").flatMap(parseChallenges);
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]*/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;
const BLANKS = /[ \t]*/y;
const BLANKS_AND_COMMAS = /[ \t,]*/y;
const EQUALS = /[ \t]*=[ \t]*/y;

/**
 * Takes a WWW-Authenticate or Authentication-Info field apart. The comma that separates challenges separates parameters
 * too: what follows one is a parameter where `=` comes next, else the next challenge. In linear time, and never an
 * error: what can't be read ends the field.
 */
export function parseChallenges(text: string): Challenge[] {
  const scanner = new Scanner(text);
  const challenges: Challenge[] = [];
  scanner.take(BLANKS_AND_COMMAS);
  while (!scanner.atEnd) {
    const scheme = scanner.take(TOKEN);
    if (scheme === "") break;
    scanner.take(BLANKS);
    const token68 = scanner.take(TOKEN68);
    const parameters = token68 === "" ? parseParameters(scanner) : new Map<string, string>();
    challenges.push({
      scheme: scheme.toLowerCase(),
      parameters,
      token68: token68 === "" ? undefined : token68,
    });
    scanner.take(BLANKS_AND_COMMAS);
  }
  return challenges;
}

/** `name=value, name="value"`: as many as follow, up to what is no parameter. */
export function parseParameters(field: string | Scanner): Map<string, string> {
  const scanner = typeof field === "string" ? new Scanner(field) : field;
  const parameters = new Map<string, string>();
  for (;;) {
    scanner.take(BLANKS_AND_COMMAS);
    const start = scanner.position;
    const name = scanner.take(TOKEN).toLowerCase();
    if (name === "" || scanner.take(EQUALS) === "") {
      scanner.position = start;
      return parameters;
    }
    const value = scanner.isAt('"') ? scanner.takeQuoted() : scanner.take(TOKEN);
    if (!parameters.has(name)) parameters.set(name, value);
  }
}

/** Walks through a text; what it has passed it never looks at again. */
class Scanner {
  readonly #text: string;
  position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.position >= this.#text.length;
  }

  isAt(character: string): boolean {
    return this.#text[this.position] === character;
  }

  /** What the sticky pattern matches here; empty when nothing. */
  take(pattern: RegExp): string {
    pattern.lastIndex = this.position;
    const taken = pattern.exec(this.#text)?.[0] ?? "";
    this.position += taken.length;
    return taken;
  }

  /** The inside of a quoted string, up to the quote that ends it, or to the end of a text that was cut. */
  takeQuoted(): string {
    const start = this.position + 1;
    let end = start;
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === "\\" ? 2 : 1;
    this.position = end + 1;
    const inside = this.#text.slice(start, end);
    return inside.includes("\\") ? inside.replace(/\\(.)/gs, "$1") : inside;
  }
}
