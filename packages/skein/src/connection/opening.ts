import type { OpeningStep } from "../core/ports.ts";
import type { OpeningTimes } from "../core/timings.ts";
import type { TraceOutcome, TraceSink } from "../core/trace.ts";
import type { Origin } from "../core/url.ts";

const TRACE_NAMES = {
  resolve: "connection.resolve_name",
  connect: "connection.connect_tcp",
  proxy: "connection.setup_proxy",
  tls: "connection.start_tls",
} as const satisfies Record<OpeningStep, string>;

/** How the opening of a connection goes on: its times, and what is told of it to whoever it is opened for. */
export class Opening implements OpeningTimes {
  readonly startedAt: number;
  resolveAt = 0;
  connectAt = 0;
  proxyAt = 0;
  tlsAt = 0;
  readyAt = 0;
  readonly #origin: Origin;
  readonly #trace: TraceSink | undefined;
  #step: OpeningStep | undefined;

  constructor(origin: Origin, startedAt: number, trace: TraceSink | undefined) {
    this.#origin = origin;
    this.startedAt = startedAt;
    this.#trace = trace;
  }

  begin(step: OpeningStep, now: number): void {
    this.#tell("complete", now, undefined);
    this.#step = step;
    // Another proxy is tried: what came of the one before it counts no more.
    if (step === "connect") this.proxyAt = this.tlsAt = 0;
    this[`${step}At`] = now;
    this.#tell("started", now, undefined);
  }

  ready(now: number, peer: string | undefined): void {
    this.readyAt = now;
    this.#tell("complete", now, { peer });
    this.#step = undefined;
  }

  fail(now: number, error: Error | undefined): void {
    this.#tell("failed", now, { error: error?.message });
  }

  #tell(outcome: TraceOutcome, now: number, more: Record<string, unknown> | undefined): void {
    if (this.#trace === undefined || this.#step === undefined) return;
    this.#trace(`${TRACE_NAMES[this.#step]}.${outcome}`, now, { origin: this.#origin.key, ...more });
  }
}
