import type { ErrorCode } from "./error-codes.ts";

/**
 * The life of a stream that a client opens (RFC 9113 §5.1). Server push is off, so nothing is ever reserved.
 *
 * "closed" is three states: what may still come differs by what closed it. A stream that was reset by us may be sent
 * anything for a while, as the peer does not know yet.
 */
export type StreamState =
  | "idle"
  | "open"
  | "half-closed-local"
  | "half-closed-remote"
  | "closed"
  | "closed-by-our-reset"
  | "closed-by-their-reset";

/**
 * What is sent or received. `…-end`: with the END_STREAM flag. A header block is one event, with all its frames. PRIORITY
 * frames are none: they mean nothing, in any state.
 */
export type StreamEvent =
  | "send-headers"
  | "send-headers-end"
  | "send-data"
  | "send-data-end"
  | "send-reset"
  | "send-window-update"
  | "recv-headers"
  | "recv-headers-end"
  | "recv-data"
  | "recv-data-end"
  | "recv-reset"
  | "recv-window-update";

/**
 * What an event comes to: the state it leads to; "ignore", for what came too late to matter (what it holds of windows and
 * tables counts all the same); an error of the stream (send RST_STREAM) or of the connection; or "illegal", for what we
 * may not send.
 */
export type Transition =
  | { readonly to: StreamState }
  | "ignore"
  | "illegal"
  | { readonly streamError: ErrorCode }
  | { readonly connectionError: ErrorCode };

type Row = Readonly<Partial<Record<StreamEvent, Transition>>>;

const OPEN: Transition = { to: "open" };
const LOCAL: Transition = { to: "half-closed-local" };
const REMOTE: Transition = { to: "half-closed-remote" };
const CLOSED: Transition = { to: "closed" };
const OURS: Transition = { to: "closed-by-our-reset" };
const THEIRS: Transition = { to: "closed-by-their-reset" };
const NOT_OPENED: Transition = { connectionError: "PROTOCOL_ERROR" };
const STREAM_CLOSED: Transition = { streamError: "STREAM_CLOSED" };
const CONNECTION_CLOSED: Transition = { connectionError: "STREAM_CLOSED" };

/** What is left out is illegal: all of it is sent by us. */
const TABLE: Readonly<Record<StreamState, Row>> = {
  // Streams that the server would open, it may not: HEADERS come for those that we have opened only.
  idle: {
    "send-headers": OPEN,
    "send-headers-end": LOCAL,
    "recv-headers": NOT_OPENED,
    "recv-headers-end": NOT_OPENED,
    "recv-data": NOT_OPENED,
    "recv-data-end": NOT_OPENED,
    "recv-reset": NOT_OPENED,
    "recv-window-update": NOT_OPENED,
  },
  open: {
    // Trailers: a second header block of ours always ends the stream (§8.1).
    "send-headers-end": LOCAL,
    "send-data": OPEN,
    "send-data-end": LOCAL,
    "send-reset": OURS,
    "send-window-update": OPEN,
    "recv-headers": OPEN,
    "recv-headers-end": REMOTE,
    "recv-data": OPEN,
    "recv-data-end": REMOTE,
    "recv-reset": THEIRS,
    "recv-window-update": OPEN,
  },
  "half-closed-local": {
    "send-reset": OURS,
    "send-window-update": LOCAL,
    "recv-headers": LOCAL,
    "recv-headers-end": CLOSED,
    "recv-data": LOCAL,
    "recv-data-end": CLOSED,
    "recv-reset": THEIRS,
    "recv-window-update": LOCAL,
  },
  "half-closed-remote": {
    "send-headers-end": CLOSED,
    "send-data": REMOTE,
    "send-data-end": CLOSED,
    "send-reset": OURS,
    "send-window-update": REMOTE,
    "recv-headers": STREAM_CLOSED,
    "recv-headers-end": STREAM_CLOSED,
    "recv-data": STREAM_CLOSED,
    "recv-data-end": STREAM_CLOSED,
    "recv-reset": THEIRS,
    "recv-window-update": REMOTE,
  },
  // A peer that goes on behind its own END_STREAM has lost count of its streams: §5.1 lets that end the connection.
  closed: {
    "recv-headers": CONNECTION_CLOSED,
    "recv-headers-end": CONNECTION_CLOSED,
    "recv-data": CONNECTION_CLOSED,
    "recv-data-end": CONNECTION_CLOSED,
    "recv-reset": "ignore",
    "recv-window-update": "ignore",
  },
  "closed-by-our-reset": {
    "recv-headers": "ignore",
    "recv-headers-end": "ignore",
    "recv-data": "ignore",
    "recv-data-end": "ignore",
    "recv-reset": "ignore",
    "recv-window-update": "ignore",
  },
  "closed-by-their-reset": {
    // Once, in answer to what it still sends.
    "send-reset": OURS,
    "recv-headers": STREAM_CLOSED,
    "recv-headers-end": STREAM_CLOSED,
    "recv-data": STREAM_CLOSED,
    "recv-data-end": STREAM_CLOSED,
    "recv-reset": "ignore",
    "recv-window-update": "ignore",
  },
};

export function streamTransition(state: StreamState, event: StreamEvent): Transition {
  return TABLE[state][event] ?? "illegal";
}

/** Where an answer stands: before its final head, in its body, or behind its end. */
export type ResponsePhase = "head" | "body" | "ended";

/** A header block with a status below 200, of 200 and above, or without one; some data, not empty. */
export type ResponseEvent = "interim" | "final" | "trailers" | "data";

/**
 * The order of what an answer is made of (RFC 9113 §8.1): interim heads, the final one, data, trailers. Returns the next
 * phase, or undefined when the answer is malformed: a stream error PROTOCOL_ERROR. A header block is a head until the
 * final one has come, and trailers from then on.
 */
export function nextResponsePhase(
  phase: ResponsePhase,
  event: ResponseEvent,
  endStream: boolean,
): ResponsePhase | undefined {
  switch (event) {
    case "interim":
      return phase === "head" && !endStream ? "head" : undefined;
    case "final":
      if (phase !== "head") return undefined;
      return endStream ? "ended" : "body";
    case "data":
      if (phase !== "body") return undefined;
      return endStream ? "ended" : "body";
    case "trailers":
      return phase === "body" && endStream ? "ended" : undefined;
  }
}
