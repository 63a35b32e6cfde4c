/**
 * What happens to a request, step by step: HTTPX's names (httpcore's), and `pool.wait`, `connection.reuse`,
 * `connection.resolve_name` and `connection.setup_proxy` besides. Of each step that `started`, one `complete` or `failed`
 * follows.
 */
export type TraceEventName =
  | `pool.wait.${TraceOutcome}`
  | "connection.reuse"
  | `connection.resolve_name.${TraceOutcome}`
  | `connection.connect_tcp.${TraceOutcome}`
  | `connection.setup_proxy.${TraceOutcome}`
  | `connection.start_tls.${TraceOutcome}`
  | `${WireName}.send_request_headers.${TraceOutcome}`
  | `${WireName}.send_request_body.${TraceOutcome}`
  | `${WireName}.receive_response_headers.${TraceOutcome}`
  | `${WireName}.receive_response_body.${TraceOutcome}`;

/** How steps on the wire are named, by the protocol that is spoken. */
export type WireName = "http11" | "http2";

export type TraceOutcome = "started" | "complete" | "failed";

export interface TraceEvent {
  readonly name: TraceEventName;
  /** Monotonic milliseconds, as `performance.now()`. */
  readonly time: number;
  /** What is known of the step: `origin`, `peer`, `headers`, `status`, `bytes` … Credentials are left out. */
  readonly info: TraceInfo;
}

export type TraceInfo = Readonly<Record<string, unknown>>;

/** A function of the user's that is told of each step. One that throws fails its call. */
export type Trace = (event: TraceEvent) => void;

/** How the floors below tell of a step; undefined where nobody listens. */
export type TraceSink = (name: TraceEventName, time: number, info: TraceInfo) => void;
