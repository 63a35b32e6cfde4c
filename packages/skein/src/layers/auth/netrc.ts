/** A machine of a netrc file; `machine` undefined is the `default` entry. */
export interface NetrcEntry {
  readonly machine: string | undefined;
  readonly login: string;
  readonly password: string;
}

/** A word, in quotes with escapes or bare. */
const WORD = /[ \t\r\n]*(?:"((?:[^"\\]|\\.)*)"|([^ \t\r\n]+))/sy;
/** A macro ends at the first blank line. */
const MACRO_END = /\n[ \t\r]*\n|$/g;
const LINE_END = /$/gm;

/** The entries of a netrc file (as curl and Python read it): macros and comments are passed over. */
export function parseNetrc(text: string): NetrcEntry[] {
  const entries: NetrcEntry[] = [];
  const words = new Words(text);
  let entry: { machine: string | undefined; login: string; password: string } | undefined;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word.startsWith("#")) words.skipTo(LINE_END);
    else if (word === "macdef") words.skipTo(MACRO_END);
    else if (word === "machine" || word === "default") {
      entry = {
        machine: word === "default" ? undefined : words.next()?.toLowerCase(),
        login: "",
        password: "",
      };
      entries.push(entry);
    } else if (word === "login" && entry !== undefined) entry.login = words.next() ?? "";
    else if (word === "password" && entry !== undefined) entry.password = words.next() ?? "";
    else if (word === "account") words.next();
  }
  return entries;
}

/** The machine's entry, else the default one. */
export function findNetrcEntry(entries: readonly NetrcEntry[], hostname: string): NetrcEntry | undefined {
  return (
    entries.find(({ machine }) => machine === hostname) ??
    entries.find(({ machine }) => machine === undefined)
  );
}

class Words {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): string | undefined {
    WORD.lastIndex = this.#position;
    const match = WORD.exec(this.#text);
    if (match === null) return undefined;
    this.#position += match[0].length;
    return match[1]?.replace(/\\(.)/gs, "$1") ?? match[2];
  }

  /** Passes over everything up to where the pattern matches. */
  skipTo(pattern: RegExp): void {
    pattern.lastIndex = this.#position;
    this.#position = pattern.exec(this.#text)?.index ?? this.#text.length;
  }
}
