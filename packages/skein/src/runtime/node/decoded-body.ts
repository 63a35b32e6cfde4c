import { BodyCollector } from "../../core/body-collector.ts";
import { AbortError, ResponseTooLarge, StreamConsumed, TimeoutError } from "../../core/errors.ts";
import type { Headers } from "../../core/headers.ts";
import type { BodyOutcome, IncomingBody } from "../../core/incoming-body.ts";
import type { Coding } from "./codings.ts";
import { decodeSmall, SMALL_INPUT } from "./decode-small.ts";
import { type ByteSource, DecodedStream } from "./decoded-stream.ts";

/** A body whose content codings are taken off while it is read: at once where it is small, else as a stream. */
export class DecodedBody implements IncomingBody {
  readonly #inner: IncomingBody;
  /** In the order in which they come off: the one applied last is the first. */
  readonly #codings: readonly Coding[];
  /** The last one gives the decoded bytes; undefined until something was read. */
  #streams: readonly DecodedStream[] | undefined;
  #reading = false;
  #ended = false;
  #failure: Error | undefined;
  #settled: { readonly outcome: BodyOutcome } | undefined;
  readonly #listeners: ((outcome: BodyOutcome) => void)[] = [];

  constructor(inner: IncomingBody, codings: readonly Coding[]) {
    this.#inner = inner;
    this.#codings = codings;
    inner.whenSettled(outcome => {
      if (outcome !== undefined) this.#settle(outcome);
    });
  }

  /** Nobody has asked for the bytes yet: only a reader makes them, and says how many there may be. */
  get complete(): undefined {
    return undefined;
  }

  get encoded(): IncomingBody {
    return this.#inner;
  }

  get trailers(): Headers {
    return this.#inner.trailers;
  }

  read(): Promise<Uint8Array | undefined> {
    return this.#asReader(async () => {
      if (this.#ended) return undefined;
      const chunk = await this.#next();
      if (chunk === undefined) this.#end();
      return chunk;
    });
  }

  collect(maxBytes: number): Promise<Uint8Array> {
    return this.#asReader(async () => {
      const decoded =
        this.#streams === undefined && !this.#ended ? await this.#decodeWhole(maxBytes) : undefined;
      const bytes = decoded ?? (await gather(() => this.#next(), maxBytes));
      this.#end();
      return bytes;
    });
  }

  cancel(reason?: unknown): void {
    if (this.#ended || this.#failure !== undefined) return;
    const isTimeout = reason instanceof TimeoutError;
    this.#fail(isTimeout ? reason : new AbortError(reason, { phase: "body", requestSent: "full" }));
  }

  whenSettled(listener: (outcome: BodyOutcome) => void): void {
    if (this.#settled !== undefined) listener(this.#settled.outcome);
    else this.#listeners.push(listener);
  }

  /** One at a time; what fails it ends the body, and everything below. */
  async #asReader<T>(read: () => Promise<T>): Promise<T> {
    if (this.#reading)
      throw new StreamConsumed("the body is being read already: only one reader may read it");
    if (this.#failure !== undefined) throw this.#failure;
    this.#reading = true;
    try {
      return await read();
    } catch (error) {
      this.#fail(error as Error);
      throw this.#failure;
    } finally {
      this.#reading = false;
    }
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#ended) return undefined;
    if (this.#streams === undefined) {
      const { complete } = this.#inner;
      const decoded = complete && decodeSmall(complete, this.#codings);
      if (decoded !== undefined) {
        this.#end();
        return decoded.length === 0 ? undefined : decoded;
      }
      this.#open(complete === undefined ? this.#inner : chunks([complete]));
    }
    return this.#streams?.at(-1)?.read();
  }

  /** The whole body, where it is small; undefined where it is not, and must be decoded as a stream. */
  async #decodeWhole(maxBytes: number): Promise<Uint8Array | undefined> {
    const { complete } = this.#inner;
    const start =
      complete === undefined ? await readStart(this.#inner) : { bytes: complete, rest: undefined };
    const decoded = start.rest === undefined ? decodeSmall(start.bytes, this.#codings) : undefined;
    if (decoded !== undefined && decoded.length <= maxBytes) return decoded;
    this.#open(chunks([start.bytes], start.rest));
    return undefined;
  }

  #open(input: ByteSource): void {
    const streams: DecodedStream[] = [];
    for (const coding of this.#codings) streams.push(new DecodedStream(coding, streams.at(-1) ?? input));
    this.#streams = streams;
  }

  #end(): void {
    this.#ended = true;
    this.#settle(undefined);
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    for (const stream of this.#streams ?? []) stream.destroy(error);
    this.#settle(error);
    this.#inner.cancel(error instanceof AbortError ? error.cause : error);
  }

  #settle(outcome: BodyOutcome): void {
    if (this.#settled !== undefined) return;
    this.#settled = { outcome };
    for (const listener of this.#listeners.splice(0)) listener(outcome);
  }
}

/** All that comes, as long as it is no more than `maxBytes`. */
async function gather(next: () => Promise<Uint8Array | undefined>, maxBytes: number): Promise<Uint8Array> {
  const collector = new BodyCollector(0, maxBytes);
  for (let chunk = await next(); chunk !== undefined; chunk = await next()) {
    if (collector.push(chunk)) continue;
    throw new ResponseTooLarge("RESPONSE_TOO_LARGE", `the decoded body is larger than ${maxBytes} bytes`, {
      phase: "body",
      requestSent: "full",
    });
  }
  return collector.take();
}

/** The first bytes of a body: all of them (`rest` is undefined then), or more than a small body has. */
async function readStart(body: ByteSource): Promise<{ bytes: Uint8Array; rest: ByteSource | undefined }> {
  const gathered: Uint8Array[] = [];
  let size = 0;
  while (size <= SMALL_INPUT) {
    const chunk = await body.read();
    if (chunk === undefined) return { bytes: join(gathered, size), rest: undefined };
    size += chunk.length;
    gathered.push(chunk);
  }
  return { bytes: join(gathered, size), rest: body };
}

/** These chunks, and then the rest. */
function chunks(first: Uint8Array[], rest?: ByteSource): ByteSource {
  return { read: async () => first.shift() ?? rest?.read() };
}

function join(parts: readonly Uint8Array[], size: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const joined = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
