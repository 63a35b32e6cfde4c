import { type Attempt, DecodingError, HTTPStatusError, StreamConsumed } from "./errors.ts";
import type { Headers } from "./headers.ts";
import type { IncomingBody } from "./incoming-body.ts";
import { redactUrl } from "./redact-url.ts";
import type { Request } from "./request.ts";

/** The facts of a response's head. */
export interface ResponseHead {
  readonly status: number;
  readonly reasonPhrase: string;
  /** `1.1` or `1.0`. */
  readonly httpVersion: string;
  readonly headers: Headers;
}

const NO_HISTORY: readonly Response[] = Object.freeze([]);
const NO_ATTEMPTS: readonly Attempt[] = Object.freeze([]);

/** How many characters of a refused response's text an error quotes. */
const QUOTED_CHARACTERS = 512;

/**
 * A response. From `client.get()` and its like, its body has been read: `text()`, `json()` and `bytes()` answer at
 * once. Inside layers it may still stream (`body`).
 */
export class Response {
  readonly status: number;
  readonly reasonPhrase: string;
  readonly httpVersion: string;
  readonly headers: Headers;
  /** The request that it answers: the last one, where redirects were followed. */
  readonly request: Request;
  /** The body as it comes in; for layers, and for `stream`. */
  body: IncomingBody;
  /** The responses that redirected here, oldest first. */
  history: readonly Response[] = NO_HISTORY;
  /** Every try, oldest first, this one included; empty where the first answer was accepted. */
  attempts: readonly Attempt[] = NO_ATTEMPTS;
  /** Why a refused status was not tried again, where it would have been otherwise: the deadline, a body that is gone. */
  notRetried: string | undefined;
  /** Milliseconds from the call to the end of the body; what `stream` returns has 0 here. */
  elapsed = 0;
  /** Whether a kept-alive connection carried it. */
  reused = false;
  #content: Uint8Array | undefined;
  #text: string | undefined;

  constructor(head: ResponseHead, request: Request, body: IncomingBody) {
    this.status = head.status;
    this.reasonPhrase = head.reasonPhrase;
    this.httpVersion = head.httpVersion;
    this.headers = head.headers;
    this.request = request;
    this.body = body;
  }

  /** Whether the status is 2xx. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** Where the response came from, after redirects, without credentials. */
  get url(): string {
    return this.request.url.href;
  }

  /** The trailer fields that followed the body. */
  get trailers(): Headers {
    return this.body.trailers;
  }

  /** The decoded body. Not a copy: writing into it changes what `text()` reads. Its `buffer` may be larger than it. */
  bytes(): Uint8Array {
    if (this.#content === undefined) {
      throw new StreamConsumed(
        `the body of ${this.request} has not been read into memory: read the stream instead`,
      );
    }
    return this.#content;
  }

  /** The body as text: in the charset of content-type, else UTF-8. A byte order mark is dropped. */
  text(): string {
    this.#text ??= decoderFor(this.headers).decode(this.bytes());
    return this.#text;
  }

  /**
   * The body as JSON.
   *
   * @throws DecodingError when it is not JSON; the message quotes its beginning
   */
  json<T = unknown>(): T {
    const text = this.text();
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      const quoted = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
      const error = new DecodingError("INVALID_JSON", `the body is not JSON: ${quoted}`, {
        cause,
        phase: "body",
      });
      error.request = { method: this.request.method, url: redactUrl(this.url) };
      throw error;
    }
  }

  /**
   * Itself on 2xx.
   *
   * @throws HTTPStatusError on every other status, with the beginning of a text body in the message
   */
  raiseForStatus(): this {
    if (this.ok) return this;
    throw this.toStatusError();
  }

  /** The error that `raiseForStatus` throws. */
  toStatusError(): HTTPStatusError<Response> {
    const phrase = this.reasonPhrase === "" ? "" : ` ${this.reasonPhrase}`;
    const retries = this.notRetried === undefined ? "" : `; not tried again: ${this.notRetried}`;
    const reason = `answered ${this.status}${phrase}${this.#quoteBody()}${retries}`;
    const error = new HTTPStatusError<Response>(this, reason);
    error.attempts = this.attempts;
    error.request = { method: this.request.method, url: redactUrl(this.url) };
    error.message = `${this.request}: ${error.reason}`;
    return error;
  }

  /** A decoder of this response's text; a new one, so that it can decode a stream. */
  textDecoder(): TextDecoder {
    return new TextDecoder(decoderFor(this.headers).encoding);
  }

  /** For the layer that has read the body. */
  setContent(content: Uint8Array): void {
    this.#content = content;
  }

  get hasContent(): boolean {
    return this.#content !== undefined;
  }

  toString(): string {
    return `Response ${this.status} ${this.reasonPhrase} for ${this.request}`;
  }

  #quoteBody(): string {
    const type = this.headers.get("content-type") ?? "";
    if (this.#content === undefined || this.#content.length === 0 || !/^text\/|json|xml/i.test(type))
      return "";
    const text = decoderFor(this.headers).decode(this.#content.subarray(0, QUOTED_CHARACTERS * 4));
    return `: ${text.slice(0, QUOTED_CHARACTERS).replace(/\s+/g, " ").trim()}`;
  }
}

const utf8 = new TextDecoder("utf-8");
const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)/i;

/** The decoder of the charset that content-type names; UTF-8 where it names none, or one that nobody knows. */
function decoderFor(headers: Headers): TextDecoder {
  const type = headers.get("content-type");
  if (type === null || !type.includes(";")) return utf8;
  const charset = CHARSET.exec(type)?.[1];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return utf8;
  try {
    return new TextDecoder(charset);
  } catch {
    return utf8;
  }
}
