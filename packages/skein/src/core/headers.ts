import { INSPECT } from "./inspect.ts";
import { redactHeader } from "./redact-header.ts";

/** What headers can be made from: an object (arrays repeat the field), pairs, or another Headers. */
export type HeadersInit =
  | Headers
  | Readonly<Record<string, HeaderValue | readonly string[]>>
  | Iterable<readonly [name: string, value: string]>;

/** Fields as HTTP/2 sends them: name, value, name, value …; and how each may be compressed. */
export interface WireFields {
  readonly fields: readonly string[];
  readonly indexing: readonly ("indexed" | "plain" | "never")[];
  /** What a `host` field says. */
  readonly authority: string | undefined;
}

/** A value to send; `null` removes the field that would be sent otherwise. */
type HeaderValue = string | number | null | undefined;

/**
 * Header fields: names are found whatever their case, keep the case they came in, and may repeat. Immutable, so one
 * object can be shared by thousands of requests; `with`, `without` and `merge` make new ones.
 *
 * The fields of a response are kept as the text they came in, and taken apart only when all are asked for.
 */
export class Headers implements Iterable<[string, string]> {
  /** name, value, name, value … ; undefined until `#text` has been taken apart */
  #fields: readonly string[] | undefined;
  /** Field lines, each ended by CRLF, as the codec has checked them. */
  #text: string;
  /** The same fields as they go over the wire; filled in by the connection that first sends them. */
  wire: { readonly text: string; readonly hasHost: boolean } | undefined;
  /** The same for HTTP/2. */
  wireFields: WireFields | undefined;

  #merged: WeakMap<Headers, Headers> | undefined;

  private constructor(fields: readonly string[] | undefined, text: string) {
    this.#fields = fields;
    this.#text = text;
    this.wire = undefined;
    this.wireFields = undefined;
  }

  static readonly empty: Headers = new Headers([], "");

  /** From field lines that a codec has checked: `name: value` each ended by CRLF. */
  static fromFieldLines(text: string): Headers {
    return new Headers(undefined, text);
  }

  static from(init: HeadersInit | undefined): Headers {
    if (init === undefined) return Headers.empty;
    if (init instanceof Headers) return init;
    const fields: string[] = [];
    for (const [name, value] of pairsOf(init)) if (value !== null) fields.push(name, value);
    return new Headers(fields, "");
  }

  /** The value, several joined by `", "`; null when there is none. */
  get(name: string): string | null {
    const values = this.#find(name);
    return values.length === 0 ? null : values.length === 1 ? values[0]! : values.join(", ");
  }

  /** Every value of the field, in the order they came: `getList("set-cookie")`. */
  getList(name: string): string[] {
    return this.#find(name);
  }

  has(name: string): boolean {
    return this.#find(name).length > 0;
  }

  /** With this one value for the field, in the place of those it had. */
  with(name: string, value: string): Headers {
    // What is checked is what is sent: it is text from here on, whatever it was.
    const [checkedName, checkedValue] = [String(name), String(value)];
    return new Headers([...this.without(checkedName).#list(), checkedName, checkedValue], "");
  }

  /** Without the fields of these names. */
  without(...names: string[]): Headers {
    const dropped = new Set(names.map(name => name.toLowerCase()));
    return this.filter(name => !dropped.has(name));
  }

  /** Only the fields whose name, in lower case, passes. */
  filter(keep: (lowerCaseName: string) => boolean): Headers {
    const kept: string[] = [];
    const fields = this.#list();
    for (let i = 0; i < fields.length; i += 2) {
      if (keep(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!);
    }
    return new Headers(kept, "");
  }

  /**
   * `other`'s fields replace the ones of the same name here; a `null` in it removes them. With a Headers the result is
   * remembered: a batch that sends the same ones a million times merges, checks and encodes them once.
   */
  merge(other: HeadersInit | undefined): Headers {
    if (other === undefined) return this;
    if (!(other instanceof Headers)) return this.#mergePairs([...pairsOf(other)]);
    this.#merged ??= new WeakMap();
    let merged = this.#merged.get(other);
    if (merged === undefined) {
      merged = this.#mergePairs([...other]);
      this.#merged.set(other, merged);
    }
    return merged;
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    const fields = this.#list();
    for (let i = 0; i < fields.length; i += 2) yield [fields[i]!, fields[i + 1]!];
  }

  /** An object with lower-case names; repeated fields are joined. It has no prototype: no name is special. */
  toJSON(): Record<string, string> {
    const object: Record<string, string> = Object.create(null);
    for (const [name] of this) object[name.toLowerCase()] = this.get(name)!;
    return object;
  }

  /** On one line, as they may be shown: of credentials only their scheme. */
  toString(): string {
    return Array.from(this, ([name, value]) => `${name}: ${redactHeader(name, value)}`).join(", ");
  }

  [INSPECT](): string {
    return this.size === 0 ? "Headers {}" : `Headers { ${this} }`;
  }

  /** Number of field lines. */
  get size(): number {
    return this.#list().length / 2;
  }

  #mergePairs(pairs: readonly (readonly [string, string | null])[]): Headers {
    if (pairs.length === 0) return this;
    const base = this.without(...pairs.map(([name]) => name)).#list();
    const added = pairs.filter((pair): pair is [string, string] => pair[1] !== null).flat();
    return new Headers([...base, ...added], "");
  }

  #list(): readonly string[] {
    this.#fields ??= splitFieldLines(this.#text);
    return this.#fields;
  }

  #find(name: string): string[] {
    const wanted = name.toLowerCase();
    if (this.#fields === undefined) return findInText(this.#text, wanted);
    const values: string[] = [];
    for (let i = 0; i < this.#fields.length; i += 2) {
      const candidate = this.#fields[i]!;
      if (candidate.length === wanted.length && candidate.toLowerCase() === wanted)
        values.push(this.#fields[i + 1]!);
    }
    return values;
  }
}

/**
 * The values of a field, without taking the whole text apart: most calls ask for one or two fields, and most of these
 * questions are answered "no" ("is it encoded?").
 */
function findInText(text: string, lowerCaseName: string): string[] {
  const values: string[] = [];
  const { length } = lowerCaseName;
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\r\n", start);
    if (
      text.charCodeAt(start + length) === 0x3a /* : */ &&
      text.slice(start, start + length).toLowerCase() === lowerCaseName
    ) {
      values.push(trimWhitespace(text.slice(start + length + 1, end)));
    }
    start = end + 2;
  }
  return values;
}

function splitFieldLines(text: string): string[] {
  const fields: string[] = [];
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\r\n", start);
    const colon = text.indexOf(":", start);
    fields.push(text.slice(start, colon), trimWhitespace(text.slice(colon + 1, end)));
    start = end + 2;
  }
  return fields;
}

/** RFC 9110 §5.5: only space and tab surround a value; `trim()` would take more (a no-break space, say). */
function trimWhitespace(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isSpaceOrTab(value.charCodeAt(start))) start++;
  while (end > start && isSpaceOrTab(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isSpaceOrTab(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Pairs of name and text; each value is turned into text once, here, so that what is checked is what is sent. */
function* pairsOf(init: HeadersInit): Generator<[string, string | null]> {
  if (init instanceof Headers || Symbol.iterator in init) {
    for (const [name, value] of init as Iterable<readonly [string, string]>)
      yield [String(name), String(value)];
    return;
  }
  for (const [name, value] of Object.entries(init as Record<string, HeaderValue | readonly string[]>)) {
    if (value === undefined) continue;
    if (value === null) yield [name, null];
    else if (Array.isArray(value)) for (const item of value) yield [name, String(item)];
    else yield [name, String(value)];
  }
}
