import type { IncomingMessage, ServerResponse } from "node:http";
import { compressedPayload } from "./origin-payloads.ts";
import { testBytes } from "./test-bytes.ts";

/** One request of an origin, as its routes see it. */
export interface OriginExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The path's parts: `/status/404` has `["status", "404"]`. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  /** How often this was called with this key on this server, from 1. */
  count(key: string): number;
}

export type OriginRoute = (exchange: OriginExchange) => void | Promise<void>;

/** The paths of an origin, by the first part of the path. README.md of this package lists them. */
const originRoutes: Readonly<Record<string, OriginRoute>> = {
  ok: ({ response }) => sendText(response, "ok"),
  text: ({ response }) => sendText(response, "Grüße, 世界 ✓\n"),
  json: ({ response }) => sendJson(response, { message: "hello", number: 42 }),
  status: ({ response, parts }) => sendStatus(response, Number(parts[1])),
  echo,
  delay: ({ response, parts }) => afterwards(response, Number(parts[1]), () => sendText(response, "ok")),
  redirect,
  "redirect-loop": ({ response }) => redirectTo(response, 302, "/redirect-loop"),
  "redirect-chain": redirectChain,
  bytes: ({ response, parts }) => sendBytes(response, Number(parts[1]), true),
  chunked: ({ response, parts }) => sendBytes(response, Number(parts[1]), false),
  flaky,
  "retry-after": retryAfter,
  "reset-mid-body": ({ response }) => breakOff(response, "reset"),
  "cut-mid-body": ({ response }) => breakOff(response, "close"),
  "stall-mid-body": ({ response }) => breakOff(response, "stall"),
  hang: () => {},
  "slow-body": slowBody,
};

/** The route of a path's first part, or undefined. */
export function findRoute(name: string): OriginRoute | undefined {
  if (Object.hasOwn(originRoutes, name)) return originRoutes[name];
  const payload = compressedPayload(name);
  if (payload === undefined) return undefined;
  return ({ response }) => {
    response.setHeader("content-encoding", payload.coding);
    send(response, "application/json", payload.body);
  };
}

function send(response: ServerResponse, type: string, body: Uint8Array): void {
  response.setHeader("content-type", type);
  response.setHeader("content-length", body.byteLength);
  response.end(body);
}

export function sendText(response: ServerResponse, text: string): void {
  send(response, "text/plain; charset=utf-8", Buffer.from(text));
}

export function sendJson(response: ServerResponse, value: unknown): void {
  send(response, "application/json", Buffer.from(JSON.stringify(value)));
}

function sendStatus(response: ServerResponse, status: number): void {
  const known = Number.isInteger(status) && status >= 200 && status <= 999;
  response.statusCode = known ? status : 400;
  if (status === 204 || status === 304) response.end();
  else sendText(response, known ? `status ${status}` : "expected /status/200 to /status/999");
}

/** Runs later, unless the client has gone by then. */
function afterwards(response: ServerResponse, ms: number, run: () => void): void {
  const timer = setTimeout(run, ms);
  response.once("close", () => clearTimeout(timer));
}

async function echo({ request, response }: OriginExchange): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const headers: [string, string][] = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    headers.push([request.rawHeaders[i]!, request.rawHeaders[i + 1]!]);
  }
  sendJson(response, {
    method: request.method,
    target: request.url,
    httpVersion: request.httpVersion,
    headers,
    body: body.toString("utf8"),
    bodyBase64: body.toString("base64"),
    trailers: request.trailers,
  });
}

function redirectTo(response: ServerResponse, status: number, location: string): void {
  response.statusCode = status;
  response.setHeader("location", location);
  sendText(response, `see ${location}`);
}

function redirect({ response, parts, query }: OriginExchange): void {
  redirectTo(response, Number(parts[1] ?? 302), query.get("to") ?? "/ok");
}

function redirectChain({ response, parts }: OriginExchange): void {
  const left = Number(parts[1]);
  if (left > 0) redirectTo(response, 302, left === 1 ? "/ok" : `/redirect-chain/${left - 1}`);
  else sendText(response, "ok");
}

const BLOCK = 65_536;

/** With content-length (`sized`), or chunked in blocks of uneven sizes. Stops when the client has gone. */
async function sendBytes(response: ServerResponse, length: number, sized: boolean): Promise<void> {
  response.setHeader("content-type", "application/octet-stream");
  if (sized) response.setHeader("content-length", length);
  response.flushHeaders();
  for (let offset = 0; offset < length && !response.destroyed; ) {
    const size = Math.min(length - offset, sized ? BLOCK : 1 + ((offset * 31 + 999) % 7_001));
    if (!response.write(testBytes(size, offset))) await drained(response);
    offset += size;
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const go = () => {
      response.off("drain", go).off("close", go);
      resolve();
    };
    response.on("drain", go).on("close", go);
  });
}

function flaky({ response, parts, count }: OriginExchange): void {
  const failures = Number(parts[2]);
  const seen = count(`flaky/${parts[1]}`);
  if (seen <= failures) sendStatus(response, 503);
  else sendText(response, `ok after ${failures} failures`);
}

/** `?seconds=1&status=429&times=1`: refuses that many times, naming the seconds; then 200. */
function retryAfter({ response, parts, query, count }: OriginExchange): void {
  if (count(`retry-after/${parts[1]}`) > Number(query.get("times") ?? 1)) {
    sendText(response, "ok");
  } else {
    response.setHeader("retry-after", query.get("seconds") ?? "1");
    sendStatus(response, Number(query.get("status") ?? 429));
  }
}

/** Promises 10,000 bytes, sends 1,000; then resets the connection, closes it, or says nothing more. */
function breakOff(response: ServerResponse, how: "reset" | "close" | "stall"): void {
  response.setHeader("content-length", 10_000);
  response.write(testBytes(1_000), () => {
    if (how === "close") response.socket?.end();
    // A reset right behind the bytes is seen by clients on Node 22 as an ordinary end.
    else if (how === "reset") afterwards(response, 10, () => response.socket?.resetAndDestroy());
  });
}

/** `?bytes=20&ms=50`: one byte at a time. */
function slowBody({ response, query }: OriginExchange): void {
  const bytes = testBytes(Number(query.get("bytes") ?? 20));
  const pause = Number(query.get("ms") ?? 50);
  let sent = 0;
  response.setHeader("content-length", bytes.length);
  response.flushHeaders();
  const timer = setInterval(() => {
    response.write(bytes.subarray(sent, sent + 1));
    sent += 1;
    if (sent < bytes.length) return;
    clearInterval(timer);
    response.end();
  }, pause);
  response.once("close", () => clearInterval(timer));
}
