import { type BodyUse, BytesBody, type RequestBody } from "../../core/body.ts";
import { InvalidOption } from "../../core/errors.ts";
import type { Files } from "../../core/files.ts";
import { isBoundary, occursIn, randomBoundary } from "./boundary.ts";
import { type Multipart, type Part, partsOf } from "./parts.ts";

/** Up to this, a body in memory is put together: it then goes out in one write, with the head. */
const SMALL = 64 * 1024;

const utf8 = new TextEncoder();

export interface MultipartFacts {
  readonly files: Files | undefined;
  /** The content-type that the caller has set, if any: its boundary is taken. */
  readonly type: string | null;
  /** Makes boundaries; another one when a part holds the first. Default: random ones. */
  readonly boundary?: () => string;
}

export type EncodeMultipart = (
  multipart: Multipart,
  facts: MultipartFacts,
) => { body: RequestBody; type: string };

/**
 * A `multipart/form-data` body (RFC 7578) and its content-type.
 *
 * @throws InvalidOption naming the part that can't be sent; FileError when a file can't be read
 */
export function encodeMultipart(
  multipart: Multipart,
  facts: MultipartFacts,
): { body: RequestBody; type: string } {
  const parts = partsOf(multipart, facts.files).map(part => new EncodedPart(part));
  const own = facts.type === null ? undefined : boundaryIn(facts.type);
  const boundary = own ?? unusedBoundary(parts, facts.boundary ?? randomBoundary);
  if (own !== undefined && parts.some(part => part.holds(own)))
    throw new InvalidOption("multipart: the boundary of the given content-type stands in one of the parts");
  const base = facts.type ?? "multipart/form-data";
  const type = own === undefined ? `${base}; boundary=${boundary}` : base;
  return { body: new MultipartBody(parts, boundary), type };
}

/** The boundary of a content-type that the caller has set; undefined when it has none. */
function boundaryIn(type: string): string | undefined {
  if (!/^multipart\//i.test(type))
    throw new InvalidOption(`multipart: the content-type "${type}" is set, which is no multipart`);
  const match = /;\s*boundary=(?:"([^"]*)"|([^\s;"]*))/i.exec(type);
  if (match === null) return undefined;
  const boundary = match[1] ?? match[2] ?? "";
  if (!isBoundary(boundary)) throw new InvalidOption(`multipart: the boundary "${boundary}" can't be sent`);
  return boundary;
}

function unusedBoundary(parts: readonly EncodedPart[], make: () => string): string {
  for (;;) {
    const boundary = make();
    if (!parts.some(part => part.holds(boundary))) return boundary;
  }
}

class EncodedPart {
  readonly head: Uint8Array;
  readonly body: RequestBody;
  /** The content, where it is in memory. */
  readonly content: Uint8Array | undefined;

  constructor({ head, body }: Part) {
    this.head = utf8.encode(head);
    this.body = body;
    // Only what is in memory is looked at; opening a stream would use it up.
    this.content = body instanceof BytesBody ? body.open() : undefined;
  }

  holds(boundary: string): boolean {
    return occursIn(this.head, boundary) || (this.content !== undefined && occursIn(this.content, boundary));
  }
}

/** The parts between their delimiters. Its length is known where every part's is, and it replays where every part does. */
class MultipartBody implements RequestBody {
  readonly length: number | undefined;
  readonly replayable: boolean;
  readonly #isInMemory: boolean;
  readonly #parts: readonly EncodedPart[];
  readonly #delimiter: Uint8Array;
  readonly #end: Uint8Array;

  constructor(parts: readonly EncodedPart[], boundary: string) {
    this.#parts = parts;
    this.#delimiter = utf8.encode(`--${boundary}\r\n`);
    this.#end = utf8.encode(`--${boundary}--\r\n`);
    this.replayable = parts.every(part => part.body.replayable);
    this.#isInMemory = parts.every(part => part.content !== undefined);
    let length: number | undefined = this.#end.length;
    for (const { head, body } of parts) {
      if (body.length === undefined) length = undefined;
      else if (length !== undefined) length += this.#delimiter.length + head.length + body.length + 2;
    }
    this.length = length;
  }

  open(use?: BodyUse): Uint8Array | AsyncIterable<Uint8Array> {
    if (!this.#isInMemory || this.length! > SMALL) return this.#chunks(use);
    const whole = new Uint8Array(this.length!);
    let offset = 0;
    for (const piece of this.#pieces()) {
      whole.set(piece, offset);
      offset += piece.length;
    }
    return whole;
  }

  *#pieces(): Generator<Uint8Array> {
    for (const { head, content } of this.#parts) {
      yield this.#delimiter;
      yield head;
      yield content!;
      yield LINE_END;
    }
    yield this.#end;
  }

  async *#chunks(use: BodyUse | undefined): AsyncGenerator<Uint8Array> {
    let before = this.#delimiter;
    for (const { head, body } of this.#parts) {
      yield join(before, head);
      const content = body.open(use);
      if (content instanceof Uint8Array) yield content;
      else yield* content;
      before = join(LINE_END, this.#delimiter);
    }
    yield this.#parts.length === 0 ? this.#end : join(LINE_END, this.#end);
  }
}

const LINE_END = utf8.encode("\r\n");

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
