import { basicCredentials } from "../core/basic-credentials.ts";
import { BytesBody, type RequestBody } from "../core/body.ts";
import type { Deadline } from "../core/deadline.ts";
import { InvalidOption, InvalidUrl, type SkeinError } from "../core/errors.ts";
import type { Headers, HeadersInit } from "../core/headers.ts";
import type { StringifyJson } from "../core/json.ts";
import { checkNames } from "../core/option-names.ts";
import { ownOptions } from "../core/own-options.ts";
import { type Extensions, Request } from "../core/request.ts";
import type { Response } from "../core/response.ts";
import { parseUrl, type Url } from "../core/url.ts";
import { isHarmlessElsewhere } from "../layers/redirect/harmless-fields.ts";
import { joinBase } from "./base-url.ts";
import type { CallOptions } from "./call-options.ts";
import type { CallCredentials } from "./credentials.ts";
import { ownStringify } from "./json-body.ts";
import type { ClientSettings } from "./options.ts";
import { addParams, type Params, parseParams } from "./params.ts";
import type { ProgressOptions } from "./progress-options.ts";
import { type BodyOptions, type Encoders, encodeBody } from "./request-body.ts";

/** What may be said of one request; left out is the client's. */
export type RequestOptions = BodilessOptions & BodyOptions;

/** The same, but for its body. */
export interface BodilessOptions extends CallOptions, CallCredentials, ProgressOptions {
  /** Added to the URL's own query. */
  params?: Params;
  /** Replace the client's by name; `null` removes one. */
  headers?: HeadersInit;
  /** Cancels the call when it aborts. */
  signal?: AbortSignal | undefined;
  /**
   * When the call must have ended, whatever `timeout` says, `false` included: a duration from now, or a Date. It then fails with
   * TotalTimeout; when the moment has passed already, nothing is sent. In a batch it is the end of an item, its attempts and
   * waits included. Default: none.
   *
   * @example
   * await client.get(url, { deadline: new Date(job.expiresAt) });
   */
  deadline?: Deadline | null | undefined;
  /** Sent as Idempotency-Key, the same on every attempt: makes a POST safe to repeat. `true` makes one up. */
  idempotencyKey?: string | true;
  /** Writes the `json` body in the place of the client's `stringifyJson`; `null`: JSON.stringify does. */
  stringifyJson?: StringifyJson | null | undefined;
  /**
   * For layers and transports of one's own: `request.extensions` and `response.extensions` hold it. Nothing of it is sent.
   */
  extensions?: Extensions | undefined;
  /**
   * What the call answers when it failed for good, in the place of the error: "on a timeout, the default". Given the error;
   * throwing it (or another) fails the call. Never asked for what is a mistake in the program.
   */
  fallback?: (error: SkeinError) => Response | Promise<Response>;
}

const REQUEST_NAMES =
  "params headers content json form multipart timeout retry redirect raiseForStatus defaultEncoding parseJson stringifyJson trace cache priority auth cookies signal deadline idempotencyKey extensions fallback onUploadProgress onDownloadProgress".split(
    " ",
  );

/**
 * A request of this client.
 *
 * @throws InvalidUrl, UnsupportedProtocol, InvalidOption
 */
export function buildRequest(settings: ClientSettings, method: string, spec: RequestSpec): Request {
  const { url: text } = spec;
  const verb = checkMethod(method);
  let url = resolveUrl(settings, text);
  let headers = isElsewhere(settings, url) ? settings.headers.filter(isHarmlessElsewhere) : settings.headers;
  let body: RequestBody | undefined;
  let extensions: Extensions | undefined;
  if (spec.options !== undefined) {
    const options = checkNames(spec.options, REQUEST_NAMES, "request");
    if (options.params !== undefined)
      url = url.withTarget(addParams(url.target, parseParams(options.params)));
    if (options.headers !== undefined) headers = headers.merge(options.headers);
    ({ headers, body } = encodeBody(options, headers, encodersOf(settings, options)));
    extensions = checkExtensions(options.extensions);
    if (options.idempotencyKey !== undefined)
      headers = headers.with("Idempotency-Key", keyOf(options.idempotencyKey));
  }
  if (settings.params.length > 0) url = url.withTarget(addParams(url.target, settings.params));
  // RFC 7617: user name and password of a URL go as Basic credentials, never as part of the URL.
  if (url.userinfo !== undefined && !headers.has("authorization"))
    headers = headers.with("Authorization", basicCredentials(url.userinfo.username, url.userinfo.password));
  return new Request({
    method: verb,
    url,
    headers: checkFields(headers),
    body: body ?? emptyBody(verb),
    extensions,
  });
}

function encodersOf(settings: ClientSettings, { stringifyJson }: BodilessOptions): Encoders {
  if (stringifyJson === undefined) return settings;
  return { ...settings, stringifyJson: ownStringify(stringifyJson, settings.stringifyJson) };
}

function checkExtensions(extensions: Extensions | undefined): Extensions | undefined {
  if (extensions === undefined) return undefined;
  if (typeof extensions !== "object" || extensions === null)
    throw new InvalidOption("extensions: give an object");
  return Object.freeze(ownOptions(extensions));
}

/** A string is below the base URL; a URL object goes where it says. */
function resolveUrl({ baseUrl, pageUrl }: ClientSettings, url: string | URL): Url {
  if (typeof url !== "string") return parseUrl(hrefOf(url));
  return baseUrl === undefined ? parseUrl(url, pageUrl?.()) : joinBase(baseUrl, url);
}

function hrefOf(url: URL): string {
  const href: unknown = (url as URL | null | undefined)?.href;
  if (typeof href === "string") return href;
  throw new InvalidUrl(
    `not a URL: expected a string or a URL object; got ${url === null ? url : typeof url}`,
  );
}

/** In upper case, as nearly all methods are. What is no token at all is refused when it is sent. */
function checkMethod(method: unknown): string {
  if (typeof method !== "string")
    throw new InvalidOption(`method: expected a name such as "GET"; got ${typeof method}`);
  const verb = method.toUpperCase();
  // Some letters beyond ASCII have capitals within it: "poſt" is no POST.
  if (verb !== method && /[^ -~]/.test(method))
    throw new InvalidOption(`method: ${JSON.stringify(method)} holds what is no ASCII letter`);
  return verb;
}

/** Whether the client's own headers, made for its base URL, would go to somebody else. */
function isElsewhere({ baseUrl }: ClientSettings, url: Url): boolean {
  return baseUrl !== undefined && baseUrl.origin.key !== url.origin.key;
}

export interface RequestSpec {
  readonly url: string | URL;
  readonly options: RequestOptions | undefined;
  /** The request, where it was built before. */
  readonly built?: Request | undefined;
}

/**
 * How long a body is, and whether it is chunked, is ours to say: a second opinion would desynchronise the peers. So would
 * a second Host (RFC 9112 §3.2), of which one server takes the first and the next one the last.
 */
function checkFields(headers: Headers): Headers {
  if (headers.wire !== undefined) return headers;
  const framing = ["content-length", "transfer-encoding", "connection"].find(name => headers.has(name));
  if (framing !== undefined) throw new InvalidOption(`headers: "${framing}" is the client's own to set`);
  if (headers.getList("host").length > 1) throw new InvalidOption('headers: "host" is given more than once');
  return headers;
}

/** RFC 9110 §8.6: a method that expects a body says that it has none. */
function emptyBody(method: string): RequestBody | undefined {
  return method === "POST" || method === "PUT" || method === "PATCH"
    ? new BytesBody(new Uint8Array(0))
    : undefined;
}

function keyOf(key: string | true): string {
  return key === true ? crypto.randomUUID() : String(key);
}
