import type { Headers } from "../../core/headers.ts";
import { redactHeader } from "../../core/redact-header.ts";
import { redactUrl, redactUrls } from "../../core/redact-url.ts";
import type { Request } from "../../core/request.ts";
import type { Response } from "../../core/response.ts";
import { type ExchangeRecord, type Timings, timingsOf } from "../../core/timings.ts";
import type { HarContent, HarEntry, HarPair, HarRequest, HarResponse, HarTimings } from "./har.ts";

/** What is recorded of bodies and credentials. */
export interface EntryOptions {
  readonly bodies: boolean;
  readonly secrets: boolean;
  readonly maxBodyBytes: number;
}

export interface Recorded {
  readonly request: Request;
  readonly response: Response | undefined;
  readonly error: unknown;
  readonly record: ExchangeRecord | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
}

export function harEntry(recorded: Recorded, options: EntryOptions): HarEntry {
  const { request, response, error, record } = recorded;
  const timings = harTimings(timingsOf(record));
  const version = `HTTP/${response?.httpVersion ?? "1.1"}`;
  const answered = response === undefined ? NO_RESPONSE : harResponse(response, options);
  return {
    startedDateTime: new Date(recorded.startedAt).toISOString(),
    time: total(timings),
    request: harRequest(request, version, options),
    response: { ...answered, httpVersion: response === undefined ? "" : version },
    cache: {},
    timings,
    ...(record?.peer === undefined ? {} : { serverIPAddress: addressOf(record.peer) }),
    ...(record === undefined || record.connection === 0 ? {} : { connection: String(record.connection) }),
    ...(error === undefined
      ? {}
      : { _error: redactUrls(error instanceof Error ? error.message : String(error)) }),
  };
}

const NO_RESPONSE: HarResponse = {
  status: 0,
  statusText: "",
  httpVersion: "",
  cookies: [],
  headers: [],
  content: { size: 0, mimeType: "x-unknown" },
  redirectURL: "",
  headersSize: -1,
  bodySize: -1,
};

function harRequest(request: Request, httpVersion: string, options: EntryOptions): HarRequest {
  const { method, headers, body } = request;
  const { origin, target } = request.url;
  const url = options.secrets ? origin.key + target : redactUrl(origin.key + target);
  const postData = postDataOf(request, options);
  const host: HarPair[] = headers.has("host") ? [] : [{ name: "Host", value: origin.host }];
  const fields = [...host, ...shownFields(headers, options)];
  const sent = [...host, ...Array.from(headers, ([name, value]) => ({ name, value }))];
  return {
    method,
    url,
    httpVersion,
    cookies: headers
      .getList("cookie")
      .flatMap(value => value.split(";"))
      .map(pair => cookiePair(pair, options)),
    headers: fields,
    queryString: Array.from(new URL(url).searchParams, ([name, value]) => ({ name, value })),
    ...(postData === undefined ? {} : { postData }),
    headersSize: headSize(`${method} ${target} ${httpVersion}`, sent),
    bodySize: body === undefined ? 0 : (body.length ?? -1),
  };
}

function harResponse(response: Response, options: EntryOptions): HarResponse {
  const { status, reasonPhrase, httpVersion, headers } = response;
  const received = Array.from(headers, ([name, value]) => ({ name, value }));
  const location = headers.get("location") ?? "";
  return {
    status,
    statusText: reasonPhrase,
    httpVersion: `HTTP/${httpVersion}`,
    cookies: headers.getList("set-cookie").map(value => cookiePair(value.split(";", 1)[0]!, options)),
    headers: shownFields(headers, options),
    content: contentOf(response, options),
    redirectURL: options.secrets ? location : redactUrl(location),
    headersSize: headSize(`HTTP/${httpVersion} ${status} ${reasonPhrase}`, received),
    bodySize: response.record === undefined ? -1 : response.bytesDownloaded,
  };
}

function contentOf(response: Response, { bodies, maxBodyBytes }: EntryOptions): HarContent {
  const mimeType = response.headers.get("content-type") ?? "x-unknown";
  // A stream's bytes are its reader's: only what came over the network is known.
  if (!response.hasContent) return { size: response.bytesDownloaded, mimeType };
  const bytes = response.bytes();
  const compression = response.record === undefined ? 0 : bytes.length - response.bytesDownloaded;
  const content = { size: bytes.length, ...(compression === 0 ? {} : { compression }), mimeType };
  if (!bodies || bytes.length === 0 || bytes.length > maxBodyBytes) return content;
  return isText(mimeType)
    ? { ...content, text: response.text() }
    : { ...content, text: base64(bytes), encoding: "base64" };
}

function postDataOf({ headers, body }: Request, { bodies, maxBodyBytes }: EntryOptions) {
  if (!bodies || body === undefined || !body.replayable || (body.length ?? 0) > maxBodyBytes)
    return undefined;
  const content = body.open();
  if (!(content instanceof Uint8Array) || content.length === 0) return undefined;
  return {
    mimeType: headers.get("content-type") ?? "application/octet-stream",
    text: new TextDecoder().decode(content),
  };
}

function shownFields(headers: Headers, { secrets }: EntryOptions): HarPair[] {
  return Array.from(headers, ([name, value]) => ({
    name,
    value: secrets ? value : redactHeader(name, value),
  }));
}

function cookiePair(pair: string, { secrets }: EntryOptions): HarPair {
  const equals = pair.indexOf("=");
  const name = pair.slice(0, equals < 0 ? undefined : equals).trim();
  return { name, value: secrets && equals >= 0 ? pair.slice(equals + 1).trim() : "***" };
}

/** Bytes of a head as it is written: each line with its CRLF, and the blank line after them. */
function headSize(first: string, fields: readonly HarPair[]): number {
  return fields.reduce((size, { name, value }) => size + name.length + value.length + 4, first.length + 4);
}

function harTimings({ queue, dns, connect, proxy, tls, send, wait, receive }: Timings): HarTimings {
  return {
    blocked: queue ?? -1,
    dns: dns ?? -1,
    connect: connect === undefined ? -1 : connect + (proxy ?? 0) + (tls ?? 0),
    ssl: tls ?? -1,
    send: send ?? 0,
    wait: wait ?? 0,
    receive: receive ?? 0,
  };
}

/** `ssl` is a part of `connect`. */
function total({ blocked, dns, connect, send, wait, receive }: HarTimings): number {
  return [blocked, dns, connect, send, wait, receive].reduce((sum, ms) => sum + Math.max(0, ms), 0);
}

/** `[::1]:443` → `::1` */
function addressOf(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

function isText(mimeType: string): boolean {
  return /^text\/|json|xml|javascript|urlencoded/i.test(mimeType);
}

function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let start = 0; start < bytes.length; start += 8_192)
    binary += String.fromCharCode(...bytes.subarray(start, start + 8_192));
  return btoa(binary);
}
