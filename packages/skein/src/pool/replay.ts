import type { Connection, Unanswered } from "../connection/connection.ts";
import type { Exchange } from "../connection/exchange.ts";

/** A server that leaves again and again without looking at anything is not waited for. */
const MOST_REPLAYS = 3;

/** As traces tell it. */
export const REPLAYED_BECAUSE: Readonly<Record<Unanswered, string>> = {
  dead: "the kept-alive connection was dead",
  unprocessed: "the server has not looked at it",
  "needs-http1": "the server wants it in HTTP/1.1",
};

/**
 * Whether an exchange is sent once more, as part of the same attempt: what was not looked at, whatever it is; after a dead
 * connection, what may be repeated, once, if the connection had been used before: then it was dead when we took it.
 */
export function mayReplay(
  { request, replays }: Exchange,
  { requests }: Connection,
  why: Unanswered,
): boolean {
  if (!request.isReplayable) return false;
  if (why !== "dead") return replays < MOST_REPLAYS;
  return replays === 0 && requests >= 2 && request.isIdempotent;
}
