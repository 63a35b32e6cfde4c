import { Histogram } from "../policy/histogram.ts";

/** What can become of a request. `refused`: sent away; `failed`: by a fault or an outage; `abandoned`: the client gave up. */
export type Ending = "served" | "refused" | "failed" | "abandoned";

/** What a server has seen; plain data. */
export interface ServerCounts {
  /** Requests that came. */
  readonly received: number;
  /** Those that were answered as they should. */
  readonly served: number;
  /** Those that were sent away, by a full queue or a rate. */
  readonly refused: number;
  /** Those that ended by a fault or an outage. */
  readonly failed: number;
  /** Those whose client gave up first. */
  readonly abandoned: number;
  /** Milliseconds that slots were held, of all slots together. */
  readonly busyMs: number;
}

const SECOND = 1_000;
const KINDS = ["received", "served", "refused", "failed", "abandoned", "busyMs"] as const;
type Kind = (typeof KINDS)[number];

/** Counts what a server sees, in all and by the second. Memory follows the time that passes, not the requests. */
export class ServerRecord {
  readonly totals: Record<Kind, number> = newCounts();
  /** From a request's arrival to the end of its work, of those that were served. */
  readonly times = new Histogram();
  readonly #seconds: Record<Kind, number>[] | undefined;
  #busySince = 0;

  constructor(timeline: boolean) {
    this.#seconds = timeline ? [] : undefined;
  }

  count(kind: Exclude<Kind, "busyMs">, now: number): void {
    this.totals[kind] += 1;
    if (this.#seconds !== undefined) this.#second(Math.floor(now / SECOND))[kind] += 1;
  }

  /** `busy` slots were held since the last time that this was told. */
  held(busy: number, now: number): void {
    const since = this.#busySince;
    this.#busySince = now;
    if (busy === 0) return;
    this.totals.busyMs += busy * (now - since);
    if (this.#seconds === undefined) return;
    for (let from = since; from < now; ) {
      const second = Math.floor(from / SECOND);
      const to = Math.min(now, (second + 1) * SECOND);
      this.#second(second).busyMs += busy * (to - from);
      from = to;
    }
  }

  /** What was seen between two times, to whole seconds. */
  during(from: number, to: number): ServerCounts {
    const sum = newCounts();
    for (const second of this.#seconds?.slice(Math.round(from / SECOND), Math.round(to / SECOND)) ?? [])
      for (const kind of KINDS) sum[kind] += second[kind];
    return sum;
  }

  #second(index: number): Record<Kind, number> {
    const seconds = this.#seconds!;
    while (seconds.length <= index) seconds.push(newCounts());
    return seconds[index]!;
  }
}

function newCounts(): Record<Kind, number> {
  return { received: 0, served: 0, refused: 0, failed: 0, abandoned: 0, busyMs: 0 };
}
