import { charsetOf, type DefaultEncoding, decodeJsonText, decoderOf, isKnownCharset } from "./charset.ts";
import {
  type Attempt,
  type DecodingError,
  HTTPStatusError,
  InvalidOption,
  SchemaError,
  type SkeinError,
  StreamConsumed,
} from "./errors.ts";
import type { Headers } from "./headers.ts";
import type { IncomingBody } from "./incoming-body.ts";
import { INSPECT } from "./inspect.ts";
import { type ParseJson, readJson } from "./json.ts";
import { type Link, linksByRelation, parseLinks } from "./link-header.ts";
import { redactUrl } from "./redact-url.ts";
import type { Request } from "./request.ts";
import { parseRetryAfter } from "./retry-after.ts";
import { cookiesOf } from "./set-cookie.ts";
import type { SchemaResult, StandardSchema } from "./standard-schema.ts";
import { type ExchangeRecord, type Timings, timingsOf } from "./timings.ts";

/** The facts of a response's head. */
export interface ResponseHead {
  readonly status: number;
  readonly reasonPhrase: string;
  /** `1.1` or `1.0`. */
  readonly httpVersion: string;
  readonly headers: Headers;
}

/** How the body of a response is read as text and as JSON. */
export interface BodyReading {
  /** The charset where content-type names none. */
  readonly defaultEncoding: DefaultEncoding | undefined;
  readonly parseJson: ParseJson | undefined;
}

/**
 * `hit`: from a cache, and fresh. `stale`: from a cache, and old, because the server failed, or because it may be used
 * while it is asked anew. `revalidated`: the server was asked, and said that the cache is right. `miss`: from the server.
 * `bypass`: no business of the cache: a stream, an unsafe method, a request with conditions of its own.
 */
export type CacheStatus = "hit" | "stale" | "revalidated" | "miss" | "bypass";

const NO_BYTES = new Uint8Array(0);
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
  /** Every try of every hop, oldest first, this one included; empty where none was tried again. */
  attempts: readonly Attempt[] = NO_ATTEMPTS;
  /** Why a refused status was not tried again, where it would have been otherwise: the deadline, a body that is gone. */
  notRetried: string | undefined;
  /** Milliseconds from the call to the end of the body; what `stream` returns has 0 here. */
  elapsed = 0;
  /** Whether a kept-alive connection carried it. */
  reused = false;
  /** Whether the transport has taken content codings off by itself, though others of the same client do not. */
  isDecoded = false;
  /** What a cache had to do with it; undefined where the client has none. */
  cacheStatus: CacheStatus | undefined;
  #extensions: Record<string, unknown> | undefined;
  #next: (() => Request) | undefined;
  #record: ExchangeRecord | undefined;
  #encoding: string | undefined;
  #defaultEncoding: DefaultEncoding | undefined;
  #parse: ParseJson | undefined;
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

  /** 1xx */
  get isInformational(): boolean {
    return this.status < 200;
  }

  /** 3xx with a Location: it leads elsewhere. */
  get isRedirect(): boolean {
    return this.status >= 300 && this.status < 400 && this.headers.has("location");
  }

  /** 4xx */
  get isClientError(): boolean {
    return this.status >= 400 && this.status < 500;
  }

  /** 5xx */
  get isServerError(): boolean {
    return this.status >= 500 && this.status < 600;
  }

  /** 4xx or 5xx */
  get isError(): boolean {
    return this.isClientError || this.isServerError;
  }

  /** Where the response came from, after redirects, without credentials. */
  get url(): string {
    return this.request.url.href;
  }

  /** The cookies that this response sets, name → value; a jar keeps them with their attributes. */
  get cookies(): Readonly<Record<string, string>> {
    return cookiesOf(this.headers);
  }

  /** The trailer fields that followed the body. */
  get trailers(): Headers {
    return this.body.trailers;
  }

  /**
   * The links of its Link header (RFC 8288) by relation type, the first of each: `links.next?.url`. A URL is as it was
   * sent: it may be relative to `url`.
   */
  get links(): Readonly<Record<string, Link>> {
    const field = this.headers.get("link");
    return linksByRelation(field === null ? [] : parseLinks(field));
  }

  /**
   * The request that follows this redirect, where it was not followed (`redirect: false`); undefined where there is none. It
   * carries what a redirect may carry: sent by the same client, it takes no credentials to another origin.
   *
   * @throws RedirectRefused, BodyNotReplayable, RemoteProtocolError where the redirect would not have been followed
   * @example
   * const response = await client.get(url, { redirect: false });
   * if (response.nextRequest !== undefined) await client.send(response.nextRequest);
   */
  get nextRequest(): Request | undefined {
    return this.#next?.();
  }

  /** For the layer that knows redirects: how the next request is made, if it is asked for. */
  leadTo(next: () => Request): void {
    this.#next = next;
  }

  /** The request's own extensions, and what layers and the transport have added: it is theirs to write into. */
  get extensions(): Record<string, unknown> {
    this.#extensions ??= Object.assign(
      Object.create(null) as Record<string, unknown>,
      this.request.extensions,
    );
    return this.#extensions;
  }

  /** Whether its body came from a cache: fresh, stale, or after the server said that it is still right. */
  get fromCache(): boolean {
    return this.cacheStatus === "hit" || this.cacheStatus === "stale" || this.cacheStatus === "revalidated";
  }

  /** How long each phase took, of the request that got this answer; all undefined where no connection of ours carried it. */
  get timings(): Timings {
    return timingsOf(this.#record);
  }

  /** Bytes of the body that came over the network, before codings were taken off. */
  get bytesDownloaded(): number {
    return this.#record?.receivedBytes ?? 0;
  }

  /** What was measured; for layers. The connection that carries the response sets it. */
  get record(): ExchangeRecord | undefined {
    return this.#record;
  }

  set record(record: ExchangeRecord) {
    this.#record = record;
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

  /** The body as text: in the charset of content-type, else in `defaultEncoding`, else UTF-8. A byte order mark is dropped. */
  text(): string {
    this.#text ??= this.textDecoder().decode(this.bytes());
    return this.#text;
  }

  /**
   * The body as JSON, in UTF-8, UTF-16 or UTF-32. With a schema (zod, valibot, arktype and others: Standard Schema) it is
   * validated, and has the schema's type.
   *
   * @throws DecodingError when it is not JSON, SchemaError when it does not fit, InvalidOption when the schema validates
   * asynchronously (then use `await client.get(url).json(schema)`)
   */
  json<T>(schema: StandardSchema<T>): T;
  json<T = unknown>(): NoInfer<T>;
  json<T>(schema?: StandardSchema<T>): T {
    const value = this.#parseJson();
    if (schema === undefined) return value as T;
    const result = schema["~standard"].validate(value);
    if (result instanceof Promise) {
      throw new InvalidOption(
        "json(schema): this schema validates asynchronously; await the call's own json(schema) instead",
      );
    }
    return this.accept(result);
  }

  /** The value that a schema accepted, or its issues as an error of this call. */
  accept<T>(result: SchemaResult<T>): T {
    if (result.issues === undefined) return result.value;
    throw this.#ownError(new SchemaError(result.issues));
  }

  /** The body as a Blob of its content type. */
  blob(): Blob {
    return new Blob([this.bytes() as Uint8Array<ArrayBuffer>], {
      type: this.headers.get("content-type") ?? "",
    });
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
    error.retryAfterMs = parseRetryAfter(this.headers.get("retry-after"), Date.now());
    error.request = { method: this.request.method, url: redactUrl(this.url) };
    error.message = `${this.request}: ${error.reason}`;
    return error;
  }

  /** The charset that content-type names, whether it is known or not; undefined when it names none. */
  get charsetEncoding(): string | undefined {
    return charsetOf(this.headers);
  }

  /** The charset that `text()` uses. It can be set before the first use. */
  get encoding(): string {
    return this.textDecoder().encoding;
  }

  set encoding(charset: string) {
    if (!isKnownCharset(charset)) throw new InvalidOption(`encoding: no charset is named "${charset}"`);
    this.#encoding = charset;
    this.#text = undefined;
  }

  /** What the call says of how its body is read. */
  readAs({ defaultEncoding, parseJson }: BodyReading): void {
    this.#defaultEncoding = defaultEncoding;
    this.#parse = parseJson;
  }

  /** The value of JSON text of this response, by the call's own parser where it has one. */
  readJson(text: string, what: string): unknown {
    try {
      return readJson(text, what, this.#parse);
    } catch (error) {
      throw this.#ownError(error as DecodingError);
    }
  }

  /** A decoder of this response's text. For a stream it must be one of its own: `{ fresh: true }`. */
  textDecoder(options?: { fresh: boolean }): TextDecoder {
    const decoder = decoderOf(this.#encoding ?? this.charsetEncoding ?? this.#fallbackEncoding());
    return options?.fresh === true ? new TextDecoder(decoder.encoding) : decoder;
  }

  /** For the layer that has read the body. */
  setContent(content: Uint8Array): void {
    this.#content = content;
  }

  get hasContent(): boolean {
    return this.#content !== undefined;
  }

  toString(): string {
    return `Response ${this.status}${this.reasonPhrase && ` ${this.reasonPhrase}`} for ${this.request}`;
  }

  [INSPECT](): string {
    return String(this);
  }

  #quoteBody(): string {
    const type = this.headers.get("content-type") ?? "";
    if (this.#content === undefined || this.#content.length === 0 || !/^text\/|json|xml/i.test(type))
      return "";
    const text = this.textDecoder().decode(this.#content.subarray(0, QUOTED_CHARACTERS * 4));
    return `: ${text.slice(0, QUOTED_CHARACTERS).replace(/\s+/g, " ").trim()}`;
  }

  #fallbackEncoding(): string | undefined {
    const encoding = this.#defaultEncoding;
    return typeof encoding === "function" ? encoding(this.#content ?? NO_BYTES) : encoding;
  }

  #parseJson(): unknown {
    return this.readJson(decodeJsonText(this.bytes()), "the body");
  }

  #ownError<E extends SkeinError>(error: E): E {
    error.request = { method: this.request.method, url: redactUrl(this.url) };
    return error;
  }
}
