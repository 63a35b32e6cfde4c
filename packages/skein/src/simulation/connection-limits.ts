import { Fifo } from "../core/fifo.ts";
import type { SimulatedCall } from "./simulated-call.ts";

/** How many requests of a client may be under way, as its pool would have it: one a connection. */
export interface SimulatedLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerOrigin: number;
  readonly maxInFlightPerOrigin: number;
}

interface OriginLine {
  inFlight: number;
  /** Those who have given up stand in it until they are its head. */
  readonly waiting: Fifo<SimulatedCall>;
}

/** Lets calls through while there are connections; the others wait, and origins take turns. */
export class ConnectionLimits {
  readonly #most: number;
  readonly #mostPerOrigin: number;
  readonly #start: (call: SimulatedCall) => void;
  readonly #lines = new Map<string, OriginLine>();
  /** Lines whose first only waits for a connection in all. */
  readonly #ready = new Set<OriginLine>();
  #inFlight = 0;

  constructor(limits: SimulatedLimits, start: (call: SimulatedCall) => void) {
    this.#most = limits.maxConnections;
    this.#mostPerOrigin = Math.min(limits.maxConnectionsPerOrigin, limits.maxInFlightPerOrigin);
    this.#start = start;
  }

  admit(call: SimulatedCall): void {
    const line = this.#lineOf(call);
    if (this.#inFlight < this.#most && line.inFlight < this.#mostPerOrigin) return this.#let(call, line);
    line.waiting.push(call);
    call.waitInLine();
    if (line.inFlight < this.#mostPerOrigin) this.#ready.add(line);
  }

  /** A call is over; `wasSent` unless it was still waiting here. */
  over(call: SimulatedCall, wasSent: boolean): void {
    const line = this.#lineOf(call);
    if (wasSent) {
      line.inFlight -= 1;
      this.#inFlight -= 1;
    }
    this.#place(line);
    while (this.#inFlight < this.#most && this.#ready.size > 0) {
      const [next] = this.#ready;
      this.#ready.delete(next!);
      this.#let(next!.waiting.shift()!, next!);
      this.#place(next!);
    }
    if (line.inFlight === 0 && line.waiting.size === 0) this.#lines.delete(call.origin);
  }

  #let(call: SimulatedCall, line: OriginLine): void {
    line.inFlight += 1;
    this.#inFlight += 1;
    this.#start(call);
  }

  #place(line: OriginLine): void {
    while (line.waiting.peek()?.place === "gone") line.waiting.shift();
    if (line.waiting.size > 0 && line.inFlight < this.#mostPerOrigin) this.#ready.add(line);
    else this.#ready.delete(line);
  }

  #lineOf({ origin }: SimulatedCall): OriginLine {
    let line = this.#lines.get(origin);
    if (line === undefined) {
      line = { inFlight: 0, waiting: new Fifo() };
      this.#lines.set(origin, line);
    }
    return line;
  }
}
