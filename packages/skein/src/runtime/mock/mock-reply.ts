import type { ErrorCode } from "../../core/error-codes.ts";
import {
  CloseError,
  ConnectError,
  ConnectTimeout,
  DnsError,
  type ErrorDetails,
  InvalidOption,
  ReadError,
  ReadTimeout,
  type SkeinError,
} from "../../core/errors.ts";
import { Headers, type HeadersInit } from "../../core/headers.ts";
import { checkNames } from "../../core/option-names.ts";
import type { WebResponse } from "../web/web-response.ts";

type Chunk = string | Uint8Array;

/** How a call can fail without an answer, or in the middle of one. */
export type MockFailure = keyof typeof FAILURES;

/** What a mock answers with: one body at most, and 200 if nothing else is said. */
export interface MockReply {
  /** Default: 200. */
  status?: number;
  /** Default: none. */
  reasonPhrase?: string;
  headers?: HeadersInit;
  /** Sent as it is; `content-type: text/plain; charset=utf-8` unless headers say otherwise. */
  text?: string;
  /** Sent as JSON, with its content-type. */
  json?: unknown;
  /** Sent as it is. Several chunks arrive one by one, as the reader asks for them. */
  content?: Chunk | Iterable<Chunk> | AsyncIterable<Chunk>;
  /** How the call fails: before an answer; with a `status`, after the body that was given. */
  failure?: MockFailure;
}

/** What a handler may return: a reply, or a `Response` of the platform's. */
export type MockAnswer = MockReply | WebResponse;

type ErrorType = new (code: ErrorCode, reason: string, details: ErrorDetails) => SkeinError;

const FAILURES = {
  refused: [ConnectError, "CONNECTION_REFUSED", "connection refused"],
  dns: [DnsError, "DNS_FAILED", "no such host"],
  "connect-timeout": [ConnectTimeout, "CONNECT_TIMEOUT", "no connection in time"],
  closed: [CloseError, "CONNECTION_CLOSED", "the server closed the connection without an answer"],
  reset: [ReadError, "CONNECTION_RESET", "the connection was reset"],
  "read-timeout": [ReadTimeout, "READ_TIMEOUT", "no byte from the server in time"],
} as const satisfies Record<string, readonly [ErrorType, ErrorCode, string]>;

const REPLY_NAMES = ["status", "reasonPhrase", "headers", "text", "json", "content", "failure"];

/** The error that a failure is; `phase` tells whether an answer had begun. */
export function failureError(failure: MockFailure, phase: "headers" | "body"): SkeinError {
  if (!Object.hasOwn(FAILURES, failure)) {
    throw new InvalidOption(
      `failure: there is none "${failure}"; known: ${Object.keys(FAILURES).join(", ")}`,
    );
  }
  const [type, code, reason] = FAILURES[failure];
  const isBefore = failure === "refused" || failure === "dns" || failure === "connect-timeout";
  if (phase === "body")
    return new type(code, `${reason} in the middle of the body`, { phase, requestSent: "full" });
  return new type(code, reason, {
    phase: isBefore ? "connect" : phase,
    requestSent: isBefore ? "none" : "full",
  });
}

/** A reply, taken apart. */
export interface PreparedReply {
  readonly status: number;
  readonly reasonPhrase: string;
  readonly headers: Headers;
  /** Bytes that arrive with the head, or chunks that come one by one. */
  readonly body: Uint8Array | Iterable<Chunk> | AsyncIterable<Chunk>;
  readonly failure: MockFailure | undefined;
}

/** @throws InvalidOption on what is no reply: an unknown name, two bodies, a status that is none; the failure itself */
export function prepareReply(reply: MockReply): PreparedReply {
  if (typeof reply !== "object" || reply === null) {
    throw new InvalidOption(`a mock answers with an object such as { status: 200, json: … }; got ${reply}`);
  }
  checkNames(reply, REPLY_NAMES, "reply");
  const bodies = (["text", "json", "content"] as const).filter(name => reply[name] !== undefined);
  if (bodies.length > 1) throw new InvalidOption(`reply: give one body, not ${bodies.join(" and ")}`);
  const { status = 200, reasonPhrase = "", failure } = reply;
  if (failure !== undefined && reply.status === undefined) throw failureError(failure, "headers");
  if (!Number.isInteger(status) || status < 200 || status > 999)
    throw new InvalidOption(`reply: status: expected 200 to 999; got ${status}`);
  return { status, reasonPhrase, failure, headers: headersOf(reply), body: bodyOf(reply) };
}

function headersOf({ headers, text, json }: MockReply): Headers {
  const given = Headers.from(headers);
  if (given.has("content-type")) return given;
  if (json !== undefined) return given.with("content-type", "application/json");
  return text === undefined ? given : given.with("content-type", "text/plain; charset=utf-8");
}

const utf8 = new TextEncoder();

export function encodeChunk(chunk: Chunk): Uint8Array {
  return typeof chunk === "string" ? utf8.encode(chunk) : chunk;
}

function bodyOf({ text, json, content }: MockReply): PreparedReply["body"] {
  if (json !== undefined) return encodeChunk(JSON.stringify(json));
  const body = text ?? content ?? "";
  return typeof body === "string" || body instanceof Uint8Array ? encodeChunk(body) : body;
}
