import { ResponseTooLarge, type SkeinError, StreamClosed, StreamConsumed } from "../core/errors.ts";
import type { Headers } from "../core/headers.ts";
import type { IncomingBody } from "../core/incoming-body.ts";
import { INSPECT } from "../core/inspect.ts";
import type { Link } from "../core/link-header.ts";
import { checkNames, requireCount } from "../core/option-names.ts";
import type { Request } from "../core/request.ts";
import type { Response } from "../core/response.ts";
import { completeError } from "./complete-error.ts";
import { ByteLines } from "./stream/byte-lines.ts";
import { LineSplitter } from "./stream/line-splitter.ts";
import { rechunk } from "./stream/rechunk.ts";

/** The longest line that is kept in memory where the caller sets no other limit. */
const MAX_LINE = 16 * 1024 * 1024;

export interface LinesOptions {
  /** Characters (UTF-16 code units) of one line. Default: 16 Mi. */
  maxLineLength?: number;
}

export interface JsonLinesOptions {
  /** Bytes of one line. Default: 16 MiB. */
  maxLineBytes?: number;
}

/**
 * A response whose body is read as it comes in, once. Leaving a loop early, or `close()`, gives up the rest and closes
 * the connection. A reader that is slow slows the server; a large body that nobody begins to read loses its connection
 * after `limits.unreadBodyTimeout`.
 *
 * ```ts
 * const log = await client.stream("https://example.com/log");
 * for await (const line of log.raiseForStatus().lines()) console.log(line);
 * ```
 */
export class StreamResponse implements AsyncDisposable {
  readonly status: number;
  readonly reasonPhrase: string;
  readonly httpVersion: string;
  readonly headers: Headers;
  readonly request: Request;
  readonly #response: Response;
  #used: "no" | "reading" | "read" | "closed" = "no";

  constructor(response: Response) {
    this.status = response.status;
    this.reasonPhrase = response.reasonPhrase;
    this.httpVersion = response.httpVersion;
    this.headers = response.headers;
    this.request = response.request;
    this.#response = response;
  }

  get ok(): boolean {
    return this.#response.ok;
  }

  get url(): string {
    return this.#response.url;
  }

  get history(): readonly Response[] {
    return this.#response.history;
  }

  /** The request that follows this redirect, where it was not followed; see `Response.nextRequest`. */
  get nextRequest(): Request | undefined {
    return this.#response.nextRequest;
  }

  /** The request's own extensions, and what layers and the transport have added. */
  get extensions(): Record<string, unknown> {
    return this.#response.extensions;
  }

  /** The links of its Link header (RFC 8288) by relation type, the first of each. */
  get links(): Readonly<Record<string, Link>> {
    return this.#response.links;
  }

  /** The trailer fields, once the body has been read. */
  get trailers(): Headers {
    return this.#response.trailers;
  }

  /** Itself on 2xx; else gives up the body and throws HTTPStatusError. */
  raiseForStatus(): this {
    if (this.ok) return this;
    this.close();
    return this.#response.raiseForStatus() as never;
  }

  /**
   * The decoded body, in chunks as they come, or of `size` bytes each (the last one may be shorter).
   *
   * @throws InvalidOption, StreamConsumed, StreamClosed, and what may end a body: ReadError, DecodingError …
   */
  chunks(size?: number): AsyncGenerator<Uint8Array, void, undefined> {
    const chunks = this.#read(this.#response.body);
    const isWhole = size === undefined || requireCount(size, "chunks", 1) === Number.POSITIVE_INFINITY;
    return isWhole ? chunks : rechunk(chunks, size);
  }

  /** The body as it was received, its content codings left on. */
  async *raw(): AsyncGenerator<Uint8Array, void, undefined> {
    const { body } = this.#response;
    try {
      yield* this.#read(body.encoded ?? body);
    } finally {
      body.cancel("its encoded bytes were read");
    }
  }

  /** The body as text, in the charset of content-type, else UTF-8; a character is never split. */
  async *textChunks(): AsyncGenerator<string, void, undefined> {
    const decoder = this.#response.textDecoder({ fresh: true });
    for await (const chunk of this.chunks()) {
      const text = decoder.decode(chunk, { stream: true });
      if (text !== "") yield text;
    }
    const rest = decoder.decode();
    if (rest !== "") yield rest;
  }

  /**
   * The lines of the body, without their ends; CR, LF and CRLF end a line, and nothing else does.
   *
   * @throws ResponseTooLarge naming the line that is longer than `maxLineLength`
   */
  async *lines(options: LinesOptions = {}): AsyncGenerator<string, void, undefined> {
    const most = lineLimit(options, "maxLineLength");
    const splitter = new LineSplitter();
    let number = 0;
    for await (const text of this.textChunks()) {
      for (const line of splitter.push(text)) {
        number += 1;
        if (line.length > most) throw this.#tooLong(number, `${most} characters`);
        yield line;
      }
      if (splitter.openLength > most) throw this.#tooLong(number + 1, `${most} characters`);
    }
    const last = splitter.end();
    if (last !== undefined) yield last;
  }

  /**
   * Each line that is not blank, as JSON (NDJSON, JSON Lines; UTF-8).
   *
   * @throws DecodingError naming the line that is not JSON; ResponseTooLarge naming the one longer than `maxLineBytes`
   * @example
   * for await (const row of stream.jsonLines<Row>()) save(row);
   */
  async *jsonLines<T = unknown>(options: JsonLinesOptions = {}): AsyncGenerator<T, void, undefined> {
    const most = lineLimit(options, "maxLineBytes");
    const lines = new ByteLines();
    let number = 0;
    for await (const chunk of this.chunks()) {
      for (const line of lines.push(chunk)) {
        number += 1;
        if (line.length > most) throw this.#tooLong(number, `${most} bytes`);
        yield* this.#parseLine<T>(line, number);
      }
      if (lines.openLength > most) throw this.#tooLong(number + 1, `${most} bytes`);
    }
    const last = lines.end();
    if (last !== undefined) yield* this.#parseLine<T>(last, number + 1);
  }

  toString(): string {
    return `Stream${this.#response}`;
  }

  [INSPECT](): string {
    return String(this);
  }

  /** Gives up what has not been read. Safe to call twice. */
  close(): void {
    if (this.#used === "closed" || this.#used === "read") return;
    this.#used = "closed";
    this.#response.body.cancel("the stream was closed");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async *#read(body: IncomingBody): AsyncGenerator<Uint8Array, void, undefined> {
    this.#begin();
    let ended = false;
    try {
      for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) yield chunk;
      ended = true;
    } catch (error) {
      throw completeError(error, { request: this.request, elapsed: 0, attempts: 1 });
    } finally {
      this.#used = ended ? "read" : "closed";
      if (!ended) body.cancel("the stream was left early");
    }
  }

  #begin(): void {
    if (this.#used === "closed") throw new StreamClosed(`the stream of ${this.request} is closed`);
    if (this.#used !== "no") {
      const how = this.#used === "read" ? "has been read" : "is being read already";
      throw new StreamConsumed(`the stream of ${this.request} ${how}`);
    }
    this.#used = "reading";
  }

  *#parseLine<T>(line: Uint8Array, number: number): Generator<T, void, undefined> {
    const text = utf8.decode(line);
    if (text.trim() === "") return;
    let value: unknown;
    try {
      value = this.#response.readJson(text, `line ${number}`);
    } catch (error) {
      throw completeError(error, { request: this.request, elapsed: 0, attempts: 1 });
    }
    yield value as T;
  }

  #tooLong(number: number, limit: string): SkeinError {
    const reason = `line ${number} is longer than ${limit}`;
    return this.#complete(new ResponseTooLarge("RESPONSE_TOO_LARGE", reason, { phase: "body" }));
  }

  #complete(error: SkeinError): SkeinError {
    return completeError(error, { request: this.request, elapsed: 0, attempts: 1 });
  }
}

const utf8 = new TextDecoder();

function lineLimit(options: LinesOptions & JsonLinesOptions, name: "maxLineLength" | "maxLineBytes"): number {
  checkNames(options, [name], name === "maxLineBytes" ? "jsonLines" : "lines");
  return requireCount(options[name] ?? MAX_LINE, name, 1);
}
