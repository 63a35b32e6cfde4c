import { StreamClosed, StreamConsumed } from "../core/errors.ts";
import type { Headers } from "../core/headers.ts";
import type { Request } from "../core/request.ts";
import type { Response } from "../core/response.ts";

/** The longest line that `lines()` keeps in memory, in characters. */
const MAX_LINE = 16 * 1024 * 1024;

/**
 * A response whose body is read as it comes in, once. Leaving a loop early, or `close()`, gives up the rest and closes
 * the connection.
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
  #used: "no" | "reading" | "closed" = "no";

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

  /** The decoded body, in chunks as they come. */
  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    this.#begin();
    const { body } = this.#response;
    let ended = false;
    try {
      for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) yield chunk;
      ended = true;
    } finally {
      this.#used = "closed";
      if (!ended) body.cancel("the stream was left early");
    }
  }

  /** The body as text, in the charset of content-type, else UTF-8; a character is never split. */
  async *textChunks(): AsyncGenerator<string, void, undefined> {
    const decoder = this.#response.textDecoder();
    for await (const chunk of this.chunks()) {
      const text = decoder.decode(chunk, { stream: true });
      if (text !== "") yield text;
    }
    const rest = decoder.decode();
    if (rest !== "") yield rest;
  }

  /** The lines of the body, without their ends; CR, LF and CRLF end a line, and nothing else does. */
  async *lines(): AsyncGenerator<string, void, undefined> {
    let rest = "";
    for await (const text of this.textChunks()) {
      // A CR at the end may be half of a CRLF: it waits for what follows.
      const whole = rest + text;
      const open = whole.endsWith("\r") ? whole.length - 1 : whole.length;
      const lines = whole.slice(0, open).split(/\r\n|\r|\n/);
      rest = lines.pop()! + whole.slice(open);
      if (rest.length > MAX_LINE) throw new StreamClosed(`a line is longer than ${MAX_LINE} characters`);
      yield* lines;
    }
    if (rest !== "") yield rest.endsWith("\r") ? rest.slice(0, -1) : rest;
  }

  /** Each line that is not blank, as JSON (NDJSON). */
  async *jsonLines<T = unknown>(): AsyncGenerator<T, void, undefined> {
    for await (const line of this.lines()) if (line.trim() !== "") yield JSON.parse(line) as T;
  }

  /** Gives up what has not been read. Safe to call twice. */
  close(): void {
    if (this.#used === "closed") return;
    this.#used = "closed";
    this.#response.body.cancel("the stream was closed");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #begin(): void {
    if (this.#used === "closed") throw new StreamClosed(`the stream of ${this.request} is closed`);
    if (this.#used === "reading")
      throw new StreamConsumed(`the stream of ${this.request} is being read already`);
    this.#used = "reading";
  }
}
