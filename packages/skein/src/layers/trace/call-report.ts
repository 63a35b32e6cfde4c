import { AbortError, isSkeinError } from "../../core/errors.ts";
import { type Logger, log } from "../../core/logger.ts";
import { redactUrl, redactUrls } from "../../core/redact-url.ts";
import type { Response } from "../../core/response.ts";
import type { WatchedCall } from "./trace-layer.ts";

/** What `skein:request:start` says. `request` is not enumerable: a tool that prints the message prints no credentials. */
export function startMessage({ id, request }: WatchedCall): object {
  return hiding({ id, ...named(request) }, { request });
}

export function responseMessage(call: WatchedCall, response: Response, ms: number): object {
  const { id, request } = call;
  const message = { id, ...named(request), ...facts(call, response), ms, timings: response.timings };
  return hiding(message, { request, response });
}

export function errorMessage({ id, request }: WatchedCall, error: unknown, ms: number): object {
  return hiding({ id, ...named(request), ms }, { request, error });
}

export function logResponse(
  loggers: readonly Logger[],
  { call, response, ms }: { call: WatchedCall; response: Response; ms: number },
): void {
  const fields = { ...named(call.request), ...facts(call, response), ms: tenths(ms) };
  const { method, url, status, bytes, attempts, reused } = fields;
  const moved = response.history.length > 0 ? ` (from ${redactUrl(response.url)})` : "";
  const line =
    `${method} ${url} ${status}${moved}, ${bytes} bytes, ${fields.ms} ms, ` +
    `${attempts} attempt${attempts === 1 ? "" : "s"}, ${reused ? "reused" : "new"} connection`;
  for (const logger of loggers) log(logger, "info", { line, fields });
}

/** At `error`; a call that was cancelled, at `info`: somebody wanted that. */
export function logFailure(
  loggers: readonly Logger[],
  { call, error, ms }: { call: WatchedCall; error: unknown; ms: number },
): void {
  const isOurs = isSkeinError(error);
  const attempts = Math.max(1, isOurs ? error.attempts.length : 1);
  const reason = redactUrls(isOurs ? error.reason : String(error));
  const code = isOurs ? error.code : undefined;
  const fields = { ...named(call.request), code, reason, ms: tenths(ms), attempts };
  const line = `${call.request}: ${reason} (${code ?? "no code"}), ${fields.ms} ms, ${attempts} attempt${attempts === 1 ? "" : "s"}`;
  for (const logger of loggers) log(logger, error instanceof AbortError ? "info" : "error", { line, fields });
}

function named({ method, url }: WatchedCall["request"]) {
  return { method, url: redactUrl(url.href) };
}

function facts({ context }: WatchedCall, response: Response) {
  const { status, reused, history } = response;
  return {
    status,
    bytes: response.hasContent ? response.bytes().length : response.bytesDownloaded,
    attempts: response.attempts.length || context.attempt,
    reused,
    redirects: history.length,
  };
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** The message, with what must not be printed by whoever prints all of it. */
function hiding(message: object, hidden: Readonly<Record<string, unknown>>): object {
  for (const [name, value] of Object.entries(hidden)) Object.defineProperty(message, name, { value });
  return message;
}
