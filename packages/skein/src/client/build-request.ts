import { BytesBody, type RequestBody, StreamBody } from "../core/body.ts";
import { InvalidOption, type SkeinError } from "../core/errors.ts";
import type { Headers, HeadersInit } from "../core/headers.ts";
import { checkNames } from "../core/option-names.ts";
import { Request } from "../core/request.ts";
import type { Response } from "../core/response.ts";
import { parseUrl, type Url } from "../core/url.ts";
import { isHarmlessElsewhere } from "../layers/redirect/next-request.ts";
import { joinBase } from "./base-url.ts";
import type { CallOptions } from "./call-options.ts";
import { encodeJson } from "./json-body.ts";
import type { ClientSettings } from "./options.ts";
import { addParams, encodeForm, type Params, parseParams } from "./params.ts";

/** What `content` can be. A function makes the body anew for each attempt: so a stream can be replayed. */
export type Content =
  | string
  | Uint8Array
  | ArrayBuffer
  | Blob
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>
  | (() => AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>);

/** One body at most. */
export interface BodyOptions {
  /** Sent as it is; no content-type is added. */
  content?: Content | undefined;
  /** Sent as `application/json`. */
  json?: unknown;
  /** Sent as `application/x-www-form-urlencoded`. */
  form?: Params | undefined;
}

/** What may be said of one request; left out is the client's. */
export interface RequestOptions extends CallOptions, BodyOptions {
  /** Added to the URL's own query. */
  params?: Params;
  /** Replace the client's by name; `null` removes one. */
  headers?: HeadersInit;
  /** Cancels the call when it aborts. */
  signal?: AbortSignal | undefined;
  /** Sent as Idempotency-Key, the same on every attempt: makes a POST safe to repeat. `true` makes one up. */
  idempotencyKey?: string | true;
  /**
   * What the call answers when it failed for good, in the place of the error: "on a timeout, the default". Given the error;
   * throwing it (or another) fails the call. Never asked for what is a mistake in the program.
   */
  fallback?: (error: SkeinError) => Response | Promise<Response>;
}

const REQUEST_NAMES =
  "params headers content json form timeout retry redirect raiseForStatus defaultEncoding signal idempotencyKey fallback".split(
    " ",
  );

/**
 * A request of this client.
 *
 * @throws InvalidUrl, UnsupportedProtocol, InvalidOption
 */
export function buildRequest(settings: ClientSettings, method: string, spec: RequestSpec): Request {
  const { url: text, options } = spec;
  let url = resolveUrl(settings, text);
  let headers = isElsewhere(settings, url) ? settings.headers.filter(isHarmlessElsewhere) : settings.headers;
  let body: RequestBody | undefined;
  if (options !== undefined) {
    checkNames(options, REQUEST_NAMES, "request");
    if (options.params !== undefined)
      url = url.withTarget(addParams(url.target, parseParams(options.params)));
    if (options.headers !== undefined) headers = headers.merge(options.headers);
    const encoded = encodeBody(options);
    body = encoded?.body;
    if (encoded?.type !== undefined && !headers.has("content-type"))
      headers = headers.with("content-type", encoded.type);
    if (options.idempotencyKey !== undefined)
      headers = headers.with("Idempotency-Key", keyOf(options.idempotencyKey));
  }
  if (settings.params.length > 0) url = url.withTarget(addParams(url.target, settings.params));
  if (url.userinfo !== undefined && !headers.has("authorization"))
    headers = headers.with("Authorization", basic(url));
  return new Request({
    method: method.toUpperCase(),
    url,
    headers: withoutFraming(headers),
    body: body ?? emptyBody(method),
  });
}

/** A string is below the base URL; a URL object goes where it says. */
function resolveUrl({ baseUrl }: ClientSettings, url: string | URL): Url {
  if (typeof url !== "string") return parseUrl(url.href);
  return baseUrl === undefined ? parseUrl(url) : joinBase(baseUrl, url);
}

/** Whether the client's own headers, made for its base URL, would go to somebody else. */
function isElsewhere({ baseUrl }: ClientSettings, url: Url): boolean {
  return baseUrl !== undefined && baseUrl.origin.key !== url.origin.key;
}

export interface RequestSpec {
  readonly url: string | URL;
  readonly options: RequestOptions | undefined;
  /** The request, where it was built before. */
  readonly built?: Request;
}

/** How long a body is, and whether it is chunked, is ours to say: a second opinion would desynchronise the peers. */
function withoutFraming(headers: Headers): Headers {
  if (headers.wire !== undefined) return headers;
  const framing = ["content-length", "transfer-encoding", "connection"].filter(name => headers.has(name));
  if (framing.length === 0) return headers;
  throw new InvalidOption(`headers: "${framing[0]}" is the client's own to set`);
}

/** RFC 9110 §8.6: a method that expects a body says that it has none. */
function emptyBody(method: string): RequestBody | undefined {
  return method === "POST" || method === "PUT" || method === "PATCH"
    ? new BytesBody(new Uint8Array(0))
    : undefined;
}

const utf8 = new TextEncoder();

function encodeBody(options: BodyOptions): { body: RequestBody; type?: string } | undefined {
  const given = (["content", "json", "form"] as const).filter(name => options[name] !== undefined);
  if (given.length === 0) return undefined;
  if (given.length > 1) throw new InvalidOption(`give one body, not ${given.join(" and ")}`);
  if (given[0] === "json") return { body: textBody(encodeJson(options.json)), type: "application/json" };
  if (given[0] === "form")
    return { body: textBody(encodeForm(options.form!)), type: "application/x-www-form-urlencoded" };
  return { body: contentBody(options.content!) };
}

function textBody(text: string): RequestBody {
  return new BytesBody(utf8.encode(text));
}

function contentBody(content: Content): RequestBody {
  if (typeof content === "string") return textBody(content);
  if (content instanceof Uint8Array) return new BytesBody(content);
  if (content instanceof ArrayBuffer) return new BytesBody(new Uint8Array(content));
  if (content instanceof Blob) {
    return new StreamBody(() => content.stream() as AsyncIterable<Uint8Array>, {
      length: content.size,
      replayable: true,
    });
  }
  if (typeof content === "function") {
    return new StreamBody(() => asBytes(content()), { length: undefined, replayable: true });
  }
  if (isIterable(content))
    return new StreamBody(() => asBytes(content), { length: undefined, replayable: false });
  throw new InvalidOption(
    "content: expected a string, bytes, a Blob, a stream or an iterable of bytes, or a function that makes one",
  );
}

function isIterable(value: unknown): value is AsyncIterable<Uint8Array | string> {
  return (
    typeof value === "object" && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value)
  );
}

async function* asBytes(
  chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    if (typeof chunk === "string") yield utf8.encode(chunk);
    else if (chunk instanceof Uint8Array) yield chunk;
    else throw new InvalidOption(`content: expected chunks of bytes or text; got ${typeof chunk}`);
  }
}

function keyOf(key: string | true): string {
  return key === true ? crypto.randomUUID() : key;
}

/** RFC 7617: user name and password of a URL go as Basic credentials, never as part of the URL. */
function basic(url: Url): string {
  const { username, password } = url.userinfo!;
  const bytes = utf8.encode(`${username}:${password}`);
  return `Basic ${btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""))}`;
}
