import type { RequestBody } from "../../core/body.ts";
import { Headers, type HeadersInit } from "../../core/headers.ts";
import { extractBody, requestBody } from "./fetch-body.ts";

/** A fetch as it was asked for: input and init put together (Fetch standard, "new Request"). */
export interface FetchRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers | undefined;
  readonly body: RequestBody | undefined;
  readonly signal: AbortSignal | undefined;
  readonly redirect: "follow" | "error" | "manual";
}

/** What is used of a Request, whosever copy it is. */
interface RequestLike {
  readonly url: string;
  readonly method?: string;
  readonly headers?: HeadersInit;
  readonly body?: ReadableStream<Uint8Array> | null;
  readonly bodyUsed?: boolean;
  readonly signal?: AbortSignal | null;
  readonly redirect?: string;
}

export type FetchInit = RequestInit & { readonly duplex?: unknown };

/** The connection's own to say; a page's fetch passes them over, too (Fetch standard, "forbidden request-header"). */
const FORBIDDEN = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What would change where a request goes, or whether its answer is trusted: it is better to refuse than to ignore it. */
const NOT_OURS = ["agent", "client", "dispatcher", "proxy", "tls"];

const PLAIN: Pick<FetchRequest, "headers" | "body" | "signal" | "redirect"> = {
  headers: undefined,
  body: undefined,
  signal: undefined,
  redirect: "follow",
};

/** @throws TypeError when it is no request: as the platform's fetch does */
export function readFetchRequest(
  input: unknown,
  init: FetchInit | undefined,
): FetchRequest | Promise<FetchRequest> {
  const given = isRequestLike(input) ? input : undefined;
  if (given === undefined && init === undefined) return { ...PLAIN, url: urlOf(input), method: "GET" };
  const { method = given?.method ?? "GET", redirect = given?.redirect ?? "follow" } = init ?? {};
  if (init !== undefined) refuseUnsupported(init);
  const facts = {
    url: given?.url ?? urlOf(input),
    method: checkedMethod(method),
    signal: checkedSignal(init?.signal === undefined ? given?.signal : init.signal),
    redirect: checkedRedirect(redirect),
  };
  const headers = init?.headers ?? given?.headers;
  const body = init?.body ?? undefined;
  if (body !== undefined) return withBody(facts, headers, [body, init?.duplex]);
  if (given?.body === undefined || given.body === null)
    return { ...facts, headers: allowed(headers), body: undefined };
  return withRequestBody(facts, headers, given);
}

type Facts = Omit<FetchRequest, "headers" | "body">;
type Init = HeadersInit | globalThis.HeadersInit | undefined;

function withBody(facts: Facts, init: Init, [source, duplex]: readonly [unknown, unknown]): FetchRequest {
  refuseBody(facts.method);
  const headers = headersOf(init);
  const length = headers.get("content-length");
  const { body, type } = extractBody(source, duplex, length === null ? undefined : Number(length));
  const sent = allowed(headers)!;
  return {
    ...facts,
    body,
    headers: type === undefined || sent.has("content-type") ? sent : sent.with("content-type", type),
  };
}

async function withRequestBody(facts: Facts, init: Init, request: RequestLike): Promise<FetchRequest> {
  refuseBody(facts.method);
  if (request.bodyUsed === true || request.body!.locked)
    throw new TypeError("Cannot construct a Request with a Request object that has already been used.");
  return { ...facts, headers: allowed(init), body: await requestBody(request.body!) };
}

function headersOf(init: Init): Headers {
  return Headers.from(init as HeadersInit | undefined);
}

function allowed(init: Init): Headers | undefined {
  return init === undefined ? undefined : headersOf(init).filter(name => !FORBIDDEN.has(name));
}

function isRequestLike(input: unknown): input is RequestLike {
  return typeof input === "object" && input !== null && "url" in input && typeof input.url === "string";
}

function urlOf(input: unknown): string {
  return typeof input === "string" ? input : String(input);
}

function checkedMethod(method: string): string {
  const upper = String(method).toUpperCase();
  if (upper === "CONNECT" || upper === "TRACE" || upper === "TRACK")
    throw new TypeError(`'${method}' HTTP method is unsupported.`);
  return upper;
}

function checkedRedirect(redirect: string): FetchRequest["redirect"] {
  if (redirect === "follow" || redirect === "error" || redirect === "manual") return redirect;
  throw new TypeError(
    `RequestInit: redirect: ${redirect} is not an accepted type. Expected one of follow, error, manual.`,
  );
}

/** By what it can do: signals come from polyfills and other realms as well. */
function checkedSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal === null) return undefined;
  if (typeof signal === "object" && "aborted" in signal && "addEventListener" in signal)
    return signal as AbortSignal;
  throw new TypeError("RequestInit: Expected signal to be an instance of AbortSignal.");
}

function refuseBody(method: string): void {
  if (method === "GET" || method === "HEAD")
    throw new TypeError("Request with GET/HEAD method cannot have body.");
}

function refuseUnsupported(init: FetchInit): void {
  for (const name of NOT_OURS) {
    if (name in init && (init as Record<string, unknown>)[name] !== undefined)
      throw new TypeError(`fetch: "${name}" is set on the client, not in a call`);
  }
  if (init.integrity) throw new TypeError("fetch: integrity is not checked here");
}
