import type { SkeinError } from "../core/errors.ts";

/** What the end of a request says of the server: one that was cancelled, or held back by ourselves, says nothing. */
export type Outcome = "good" | "bad" | "unknown";

/** A refusal (4xx) is an answer like any other; a server that fails (5xx) is no better than one that does not answer. */
export function outcomeOfStatus(status: number): Outcome {
  return status >= 500 ? "bad" : "good";
}

/** Statuses that say that there was too much at once. */
export function isRefusedForLoad(status: number): boolean {
  return status === 429 || status === 503;
}

/** What ends a request without the server having had a part in it. */
const OF_OURSELVES: ReadonlySet<SkeinError["code"]> = new Set([
  "ABORTED",
  "POOL_TIMEOUT",
  "POOL_FULL",
  "CIRCUIT_OPEN",
  "LOCAL_RATE_LIMITED",
  "OVERLOADED",
  "ROBOTS_DISALLOWED",
  "RETRY_BUDGET_EXHAUSTED",
  "TOO_MANY_OPEN_FILES",
  "ADDRESS_BLOCKED",
  "INVALID_REQUEST",
  "INVALID_URL",
  "INVALID_OPTION",
  "UNSUPPORTED_PROTOCOL",
  "BODY_NOT_REPLAYABLE",
  "FILE_FAILED",
  "HANDLER_FAILED",
  "CLIENT_CLOSED",
]);
/** The server has answered, and well: what was wrong with it is ours to say. */
const ANSWERED: ReadonlySet<SkeinError["code"]> = new Set(["RESPONSE_TOO_LARGE", "STREAM_CLOSED"]);

/** Connections that fail or break, certificates, names that are not found, and timeouts are bad. */
export function outcomeOfError({ code, requestSent, phase }: SkeinError): Outcome {
  if (OF_OURSELVES.has(code)) return "unknown";
  // Its time was up before it had a connection: who knows what the server would have said.
  if (code === "TOTAL_TIMEOUT" && phase === "queue" && requestSent === "none") return "unknown";
  return ANSWERED.has(code) ? "good" : "bad";
}
