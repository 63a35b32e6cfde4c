import { type CircuitBreakerRules, FIRST_PERMIT } from "../../policy/circuit-breaker.ts";
import { ConcurrencyLaw, type LoadSample } from "../../policy/concurrency-law.ts";
import { type CoolDown, NOT_COOLING } from "../../policy/cool-down.ts";
import { Gcra } from "../../policy/gcra.ts";
import { LearnedRate, type Throttling } from "../../policy/learned-rate.ts";
import type { Outcome } from "../../policy/outcome.ts";
import { isSameRate, type NormalizedRate } from "../../policy/rate.ts";
import { RecentCount } from "../../policy/recent-count.ts";
import { LaneCircuit } from "./lane-circuit.ts";
import type { LaneDomain } from "./lane-domain.ts";
import { Pace } from "./pace.ts";
import { ReadyQueue } from "./ready-queue.ts";
import { RetryLine } from "./retry-line.ts";
import type { HoldReason, Schedulable } from "./schedulable.ts";

export interface LaneBounds {
  /** In flight at once to one origin. */
  readonly perOrigin: number;
  /** Whether how many is found out, up to `perOrigin`. */
  readonly findsPerOrigin: boolean;
  readonly perOriginRate: NormalizedRate | undefined;
  /** Undefined where an origin that fails is asked all the same. */
  readonly circuitBreaker: CircuitBreakerRules | undefined;
  /** A number in [0, 1) at each call. */
  readonly random: () => number;
}

/** How an attempt ended, where that says something of its origin. */
export interface AttemptLoad extends Omit<LoadSample, "inFlight"> {
  /** For the circuit breaker and the purse of retries. */
  readonly outcome: Outcome;
  /** What a bad one ended with: an error, or a status. */
  readonly failure?: unknown;
}

/** So long what was found out about an origin is kept while it has no tasks. */
const REMEMBERED_MS = 60_000;
const RECENT_MS = 10_000;

/** What keeps an origin's tasks at this moment. */
export interface LaneLimits {
  /** In flight at once. */
  readonly concurrency: number;
  /** Requests a second, where there is a rate for it, or one was learned. */
  readonly rate: number | undefined;
  readonly held: { readonly why: HoldReason; readonly until: number } | undefined;
}

/** The tasks of one origin, and what keeps them from starting: its limit, its rate, its cool-down, its circuit. */
export class Lane<T extends Schedulable> {
  readonly origin: string;
  running = 0;
  coolDown: CoolDown = NOT_COOLING;
  /** Until when the client itself sends it nothing. */
  restUntil = 0;
  /** Whether it stands in the ring. */
  inRing = false;
  /** Where its domain has a limit. */
  domain: LaneDomain<Lane<T>> | undefined;
  /** Since its first bad answer. */
  circuit: LaneCircuit | undefined;
  /** Attempts that ended. */
  readonly pace = new Pace();
  #bounds: LaneBounds;
  readonly #goods = new RecentCount();
  #firstGoodAt = Number.POSITIVE_INFINITY;
  /** Since it first answered "too many". */
  #learned: LearnedRate | undefined;
  readonly #ready = new ReadyQueue<T>();
  /** Once there was one to try again. */
  #retries: RetryLine<T> | undefined;
  #ceiling: number;
  #rate: Gcra | undefined;
  #law: ConcurrencyLaw | undefined;
  #limit: number;
  #learnedAt = Number.NEGATIVE_INFINITY;

  constructor(origin: string, bounds: LaneBounds) {
    const { perOrigin, perOriginRate, findsPerOrigin } = bounds;
    this.origin = origin;
    this.#bounds = bounds;
    this.#ceiling = perOrigin;
    this.#limit = perOrigin;
    this.#rate = perOriginRate && new Gcra(perOriginRate);
    this.#law = findsPerOrigin ? new ConcurrencyLaw(perOrigin) : undefined;
  }

  /** Other bounds from now on; what is known of the origin stays. */
  setBounds(bounds: LaneBounds): void {
    const { perOrigin, findsPerOrigin, perOriginRate } = this.#bounds;
    this.#bounds = bounds;
    if (!isSameRate(bounds.perOriginRate, perOriginRate))
      this.#rate = bounds.perOriginRate && new Gcra(bounds.perOriginRate);
    if (bounds.perOrigin === perOrigin && bounds.findsPerOrigin === findsPerOrigin) return;
    // One that was throttled comes back to the new limit as it would have to the old one.
    this.#limit = this.#limit < this.#ceiling ? Math.min(this.#limit, bounds.perOrigin) : bounds.perOrigin;
    this.#ceiling = bounds.perOrigin;
    this.#law = bounds.findsPerOrigin ? new ConcurrencyLaw(bounds.perOrigin) : undefined;
  }

  /** Tasks that have not started. */
  get size(): number {
    return this.#ready.size + (this.#retries?.size ?? 0);
  }

  mayStart(now: number): boolean {
    return this.hasRoom && this.wakeAt <= now;
  }

  /** Whether nothing but time keeps it from starting a task. */
  get hasRoom(): boolean {
    return this.mayStartMore && (this.domain === undefined || this.domain.hasRoom);
  }

  /** Whether its own limit lets it, whatever its domain's says. */
  get mayStartMore(): boolean {
    return this.size > 0 && this.running < this.concurrency;
  }

  /** Tasks that may run at once. */
  get concurrency(): number {
    return this.#law?.limit ?? Math.floor(this.#limit);
  }

  /** From when time does not keep it any more; `Infinity` where the end of a task has to come first. */
  get wakeAt(): number {
    let at = Math.max(this.coolDown.until, this.restUntil);
    if (this.#rate !== undefined) at = Math.max(at, this.#rate.readyAt);
    if (this.#learned !== undefined) at = Math.max(at, this.#learned.readyAt);
    if (this.circuit !== undefined) at = Math.max(at, this.circuit.readyAt);
    if (this.#retries !== undefined && this.#ready.size === 0) at = Math.max(at, this.#retries.readyAt);
    return at;
  }

  /** Why its tasks wait; not told of a limit or a rate, where they only wait for their turn. */
  holdReason(now: number): HoldReason | undefined {
    if (this.restUntil > now || (this.circuit !== undefined && this.circuit.readyAt > now))
      return "circuit open";
    if (this.coolDown.until > now) return "origin cooling";
    const isUnpaid = this.#retries !== undefined && this.#ready.size === 0 && this.#retries.readyAt > now;
    return isUnpaid ? "budget" : undefined;
  }

  limits(now: number): LaneLimits {
    const why = this.holdReason(now);
    const { perOriginRate: given } = this.#bounds;
    const rates = [given && (given.count * 1_000) / given.per, this.#learned?.perSecond(now)];
    const known = rates.filter(rate => rate !== undefined);
    return {
      concurrency: this.concurrency,
      rate: known.length === 0 ? undefined : Math.min(...known),
      held: why && { why, until: this.wakeAt },
    };
  }

  /** Whether there is something to remember of it; one that was throttled is, until it answers. */
  get isInUse(): boolean {
    return this.running > 0 || this.size > 0 || this.coolDown.count > 0;
  }

  /** When it has nothing to remember any more. */
  get idleAt(): number {
    let at = this.#learnedAt + REMEMBERED_MS;
    if (this.#rate !== undefined) at = Math.max(at, this.#rate.idleAt);
    if (this.circuit !== undefined) at = Math.max(at, this.circuit.idleAt);
    return this.#retries === undefined ? at : Math.max(at, this.#retries.idleAt);
  }

  push(task: T): void {
    if (!task.retryCost) return this.#ready.push(task);
    this.#retries ??= new RetryLine();
    this.#retries.push(task);
  }

  /** Those that have not started, in no order. */
  *[Symbol.iterator](): IterableIterator<T> {
    yield* this.#ready;
    if (this.#retries !== undefined) yield* this.#retries;
  }

  /** One that has a deadline. */
  remove(task: T): void {
    this.#ready.remove(task);
    this.#retries?.remove(task);
  }

  /** All that have not started, in no order; it has none afterwards. */
  clear(): T[] {
    return this.#retries === undefined
      ? this.#ready.clear()
      : [...this.#ready.clear(), ...this.#retries.clear()];
  }

  start(now: number): T {
    this.#rate?.take(now);
    if (this.#learned !== undefined) {
      this.#learned.take(now);
      this.#learnedAt = now;
    }
    this.running += 1;
    if (this.domain !== undefined) this.domain.running += 1;
    const task = this.#isRetryNext(now) ? this.#retries!.shift(now) : this.#ready.shift()!;
    task.permit = this.circuit?.pass(now) ?? FIRST_PERMIT;
    return task;
  }

  end(task: T, load: AttemptLoad | undefined): void {
    if (load !== undefined) this.pace.add(load.now);
    if (load !== undefined && this.#law !== undefined) {
      this.#learnedAt = load.now;
      this.#law.ended({ ...load, inFlight: this.running });
    }
    if (load?.good && load.outcome === "good") this.#answeredWell(load);
    this.#tellCircuit(task, load);
    this.running -= 1;
    if (this.domain !== undefined) this.domain.running -= 1;
  }

  #answeredWell({ now, ms }: AttemptLoad): void {
    this.#goods.add(now, RECENT_MS);
    if (this.#firstGoodAt === Number.POSITIVE_INFINITY) this.#firstGoodAt = now - ms;
    this.#retries?.succeeded(now);
  }

  #tellCircuit(task: T, load: AttemptLoad | undefined): void {
    const { circuitBreaker: rules, random } = this.#bounds;
    if (rules === undefined) return;
    if (this.circuit === undefined) {
      if (load?.outcome !== "bad") return;
      const { now } = load;
      this.circuit = new LaneCircuit(random, rules, { recent: this.#goods.within(now, RECENT_MS), now });
    }
    this.circuit.end(task.permit!, load ?? NOTHING_SEEN, task.retryCost !== undefined);
  }

  /** There is no reason (any more) to leave the origin alone; its limit comes back by one a round. */
  answered(): void {
    if (this.coolDown.count > 0) this.coolDown = { ...NOT_COOLING, until: this.coolDown.until };
    if (this.#limit < this.#ceiling)
      this.#limit = Math.min(this.#ceiling, this.#limit + 1 / Math.floor(this.#limit));
  }

  /** The origin asked for it: half as much at once from now on; and less often, where it said that there was too much. */
  coolOff(coolDown: CoolDown, throttling: Throttling | undefined): void {
    this.coolDown = coolDown;
    if (throttling !== undefined) this.#learn(throttling);
    this.#limit = Math.max(1, this.#limit / 2);
    this.#law?.halve();
  }

  #learn(throttling: Throttling): void {
    const { now } = throttling;
    this.#learnedAt = now + throttling.waitMs;
    if (this.#learned !== undefined) return this.#learned.throttled(throttling);
    const count = this.#goods.within(now, RECENT_MS);
    const ms = Math.max(0, Math.min(RECENT_MS, now - this.#firstGoodAt));
    this.#learned = new LearnedRate(throttling, { count, ms });
  }

  /** Those to try again have waited before the others came; what they can't pay does not hold up anybody else. */
  #isRetryNext(now: number): boolean {
    const retries = this.#retries;
    if (retries === undefined || retries.readyAt > now) return false;
    const fresh = this.#ready.peek();
    if (fresh === undefined) return true;
    // A task that has not failed yet says more of its origin.
    return !this.circuit?.isDoubtful && retries.priority >= fresh.priority;
  }
}

const NOTHING_SEEN = Object.freeze({ outcome: "unknown" as const, now: 0, failure: undefined });
