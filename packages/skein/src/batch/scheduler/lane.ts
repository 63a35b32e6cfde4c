import { ConcurrencyLaw, type LoadSample } from "../../policy/concurrency-law.ts";
import { type CoolDown, NOT_COOLING } from "../../policy/cool-down.ts";
import { Gcra } from "../../policy/gcra.ts";
import type { NormalizedRate } from "../../policy/rate.ts";
import { ReadyQueue } from "./ready-queue.ts";
import type { Schedulable } from "./schedulable.ts";

export interface LaneBounds {
  /** In flight at once to one origin. */
  readonly perOrigin: number;
  /** Whether how many is found out, up to `perOrigin`. */
  readonly findsPerOrigin: boolean;
  readonly perOriginRate: NormalizedRate | undefined;
}

/** How an attempt ended, where that says something of its origin. */
export type AttemptLoad = Omit<LoadSample, "inFlight">;

/** So long what was found out about an origin is kept while it has no tasks. */
const REMEMBERED_MS = 60_000;

/** The tasks of one origin, and what keeps them from starting: its limit, its rate, its cool-down. */
export class Lane<T extends Schedulable> {
  readonly origin: string;
  readonly ready = new ReadyQueue<T>();
  running = 0;
  coolDown: CoolDown = NOT_COOLING;
  /** Whether it stands in the ring. */
  inRing = false;
  readonly #ceiling: number;
  readonly #rate: Gcra | undefined;
  readonly #law: ConcurrencyLaw | undefined;
  #limit: number;
  #learnedAt = Number.NEGATIVE_INFINITY;

  constructor(origin: string, { perOrigin, perOriginRate, findsPerOrigin }: LaneBounds) {
    this.origin = origin;
    this.#ceiling = perOrigin;
    this.#limit = perOrigin;
    this.#rate = perOriginRate && new Gcra(perOriginRate);
    this.#law = findsPerOrigin ? new ConcurrencyLaw(perOrigin) : undefined;
  }

  mayStart(now: number): boolean {
    return this.hasRoom && this.wakeAt <= now;
  }

  /** Whether nothing but time keeps it from starting a task. */
  get hasRoom(): boolean {
    return this.ready.size > 0 && this.running < (this.#law?.limit ?? Math.floor(this.#limit));
  }

  /** From when time does not keep it any more. */
  get wakeAt(): number {
    const { until } = this.coolDown;
    return this.#rate === undefined ? until : Math.max(until, this.#rate.readyAt);
  }

  /** Whether there is something to remember of it; one that was throttled is, until it answers. */
  get isInUse(): boolean {
    return this.running > 0 || this.ready.size > 0 || this.coolDown.count > 0;
  }

  /** When it has nothing to remember any more. */
  get idleAt(): number {
    return Math.max(this.#rate?.idleAt ?? Number.NEGATIVE_INFINITY, this.#learnedAt + REMEMBERED_MS);
  }

  start(now: number): T {
    this.#rate?.take(now);
    this.running += 1;
    return this.ready.shift()!;
  }

  end(load: AttemptLoad | undefined): void {
    if (load !== undefined && this.#law !== undefined) {
      this.#learnedAt = load.now;
      this.#law.ended({ ...load, inFlight: this.running });
    }
    this.running -= 1;
  }

  /** There is no reason (any more) to leave the origin alone; its limit comes back by one a round. */
  answered(): void {
    if (this.coolDown.count > 0) this.coolDown = { ...NOT_COOLING, until: this.coolDown.until };
    if (this.#limit < this.#ceiling)
      this.#limit = Math.min(this.#ceiling, this.#limit + 1 / Math.floor(this.#limit));
  }

  /** The origin asked for it: half as much at once from now on. */
  coolOff(coolDown: CoolDown): void {
    this.coolDown = coolDown;
    this.#limit = Math.max(1, this.#limit / 2);
    this.#law?.halve();
  }
}
