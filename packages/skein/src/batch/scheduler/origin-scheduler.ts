import { isHopeless, throttled } from "../../policy/cool-down.ts";
import { Gcra } from "../../policy/gcra.ts";
import { isSameRate, type NormalizedRate } from "../../policy/rate.ts";
import { type AttemptLoad, Lane, type LaneBounds, type LaneLimits } from "./lane.ts";
import { LaneDomain } from "./lane-domain.ts";
import type { HoldReason, Schedulable } from "./schedulable.ts";
import { TimeHeap } from "./time-heap.ts";

/** An answer that asks to leave the origin alone. */
export interface ThrottlingAnswer {
  readonly now: number;
  readonly retryAfterMs: number | undefined;
  readonly random: number;
  /** Whether it said that there was too much (429): a rate is learned from that. */
  readonly isTooMany?: boolean;
  /** What it said of its quota. */
  readonly quota?: NormalizedRate | undefined;
}

export interface SchedulerBounds extends LaneBounds {
  /** Of all origins together. */
  readonly rate: NormalizedRate | undefined;
  /** In flight at once to the origins of one domain; undefined where that does not matter. */
  readonly perDomain?: number | undefined;
}

/**
 * Which task is next: pure bookkeeping, told the time by its caller.
 *
 * Origins that have a task ready and may send it stand in a ring and are served in turn, one task each: however many
 * tasks an origin has, it gets no more than its share while others have work. An origin at its limit, cooling down or
 * above its rate, leaves the ring until it may send again. Tasks that wait for a time of their own are kept in a heap.
 */
export class OriginScheduler<T extends Schedulable> {
  #bounds: SchedulerBounds;
  #rate: Gcra | undefined;
  readonly #lanes = new Map<string, Lane<T>>();
  readonly #domains = new Map<string, LaneDomain<Lane<T>>>();
  #ring: Lane<T>[] = [];
  #turn = 0;
  readonly #delayed = new TimeHeap<T>();
  /** Lanes that nothing but time keeps from something. */
  readonly #resting = new TimeHeap<Lane<T>>();
  /** The tasks here that have a deadline. */
  readonly #ending = new TimeHeap<T>();
  /** Lanes that have been cooling, open or out of tokens, and may still be. */
  readonly #held = new Set<Lane<T>>();
  #givenUp: T[] = [];
  #ready = 0;
  #now = Number.NEGATIVE_INFINITY;

  constructor(bounds: SchedulerBounds) {
    this.#bounds = bounds;
    this.#rate = bounds.rate && new Gcra(bounds.rate);
  }

  /** Other limits from now on; what runs goes on. */
  setLimits(limits: Pick<SchedulerBounds, "perOrigin" | "findsPerOrigin" | "perOriginRate" | "rate">): void {
    if (!isSameRate(limits.rate, this.#bounds.rate)) this.#rate = limits.rate && new Gcra(limits.rate);
    this.#bounds = { ...this.#bounds, ...limits };
    for (const lane of this.#lanes.values()) {
      lane.setBounds(this.#bounds);
      this.#enter(lane);
    }
  }

  /** Tasks that are ready, whether their origin may send or not. */
  get ready(): number {
    return this.#ready;
  }

  /** Tasks that wait for a time of their own. */
  get delayed(): number {
    return this.#delayed.size;
  }

  /** When `next` may have more to give than now; `Infinity` when only an ending task can change that. */
  get wakeAt(): number {
    const own = Math.min(this.#delayed.nextDue, this.#resting.nextDue);
    return this.#rate === undefined || this.#ring.length === 0 ? own : Math.min(own, this.#rate.readyAt);
  }

  /** When the first of the tasks here is out of time. */
  get nextDeadline(): number {
    return this.#ending.nextDue;
  }

  add(task: T): void {
    const lane = this.#laneOf(task.origin, task.domain);
    if (lane.circuit?.isGivenUp && lane.circuit.readyAt > this.#now) {
      this.#givenUp.push(task);
      return;
    }
    lane.push(task);
    this.#ready += 1;
    if (task.deadline < Number.POSITIVE_INFINITY) this.#ending.push(task.deadline, task);
    this.#enter(lane);
  }

  /** The task is not before `until`. */
  delay(task: T, until: number): void {
    this.#delayed.push(until, task);
    if (task.deadline < Number.POSITIVE_INFINITY) this.#ending.push(task.deadline, task);
  }

  /** Tasks whose time has come, for the caller to `add` again. */
  takeDue(now: number): readonly T[] {
    if (this.#delayed.nextDue > now) return NONE;
    const due: T[] = [];
    for (let task = this.#delayed.shiftDue(now); task !== undefined; task = this.#delayed.shiftDue(now)) {
      this.#hasBegun(task);
      due.push(task);
    }
    return due;
  }

  /** Tasks that are out of time; they are forgotten here. */
  takeExpired(now: number): readonly T[] {
    if (this.#ending.nextDue > now) return NONE;
    const expired: T[] = [];
    for (let task = this.#ending.shiftDue(now); task !== undefined; task = this.#ending.shiftDue(now)) {
      if (!this.#delayed.remove(task)) this.#forget(task);
      expired.push(task);
    }
    return expired;
  }

  /** Tasks whose origin is given up, and what it fails with; they are forgotten here. */
  takeGivenUp(): readonly T[] {
    if (this.#givenUp.length === 0) return NONE;
    const tasks = this.#givenUp;
    this.#givenUp = [];
    return tasks;
  }

  /** What an origin has failed with last, and since when; undefined where it does not fail. */
  failureOf(origin: string): { readonly since: number; readonly failure: unknown } | undefined {
    const circuit = this.#lanes.get(origin)?.circuit;
    if (circuit?.failingSince === undefined) return undefined;
    return { since: circuit.failingSince, failure: circuit.lastFailure };
  }

  /** Those that stand ready and are held back, and why. */
  *held(now: number): Iterable<readonly [HoldReason, T]> {
    for (const lane of this.#held) {
      const reason = lane.holdReason(now);
      if (reason === undefined) this.#held.delete(lane);
      else for (const task of lane) yield [reason, task];
    }
  }

  /** What keeps the tasks of an origin at this moment. */
  limitsOf(origin: string, now: number): LaneLimits {
    return (this.#lanes.get(origin) ?? new Lane(origin, this.#bounds)).limits(now);
  }

  /** What is known of each origin, and what limits it now. */
  *origins(now: number) {
    for (const lane of this.#lanes.values()) {
      const { origin, size: ready, running } = lane;
      yield { origin, ready, running, perSecond: lane.pace.perSecond(now), limits: lane.limits(now) };
    }
  }

  /** Those that wait for a time of their own. */
  waiting(): Iterable<T> {
    return this.#delayed.values();
  }

  /** The next task to start; its origin counts it as running until `release`. */
  next(now: number): T | undefined {
    this.#now = now;
    for (let lane = this.#resting.shiftDue(now); lane !== undefined; lane = this.#resting.shiftDue(now))
      this.#enter(lane);
    if (this.#rate !== undefined && this.#rate.readyAt > now) return undefined;
    while (this.#ring.length > 0) {
      if (this.#turn >= this.#ring.length) this.#turn = 0;
      const lane = this.#ring[this.#turn]!;
      if (lane.mayStart(now)) {
        this.#turn += 1;
        return this.#take(lane, now);
      }
      this.#leave(lane);
    }
    return undefined;
  }

  /** A task that `next` gave has ended its attempt; `load` where that says something of its origin. */
  release(task: T, load?: AttemptLoad): void {
    const lane = this.#laneOf(task.origin);
    lane.end(task, load);
    if (load?.outcome === "bad") this.#failed(lane, load.now);
    if (lane.domain !== undefined) this.#enterWaiting(lane.domain);
    this.#enter(lane);
  }

  /** The origin answered: there is no reason (any more) to leave it alone. */
  answered(origin: string): void {
    const lane = this.#lanes.get(origin);
    if (lane === undefined) return;
    lane.answered();
    this.#enter(lane);
  }

  /**
   * The origin asked to be left alone. Returns until when nothing is sent to it, or `undefined` when it has done
   * nothing else for so long that it is given up.
   */
  throttle(origin: string, answer: ThrottlingAnswer): number | undefined {
    const lane = this.#laneOf(origin);
    const { now, isTooMany, quota } = answer;
    const before = lane.coolDown;
    const after = throttled(before, answer);
    if (after !== before)
      lane.coolOff(after, isTooMany ? { now, quota, waitMs: after.until - now } : undefined);
    this.#held.add(lane);
    return isHopeless(after, answer.now) ? undefined : after.until;
  }

  /** The client itself sends the origin nothing until then. */
  rest(origin: string, until: number): void {
    const lane = this.#laneOf(origin);
    lane.restUntil = Math.max(lane.restUntil, until);
    this.#held.add(lane);
  }

  /** What stands ready of an origin, and forgets it. */
  takeReady(origin: string): T[] {
    const tasks = this.#lanes.get(origin)?.clear() ?? [];
    this.#ready -= tasks.length;
    for (const task of tasks) this.#hasBegun(task);
    return tasks;
  }

  /** What waits of an origin, and forgets it. */
  takeDelayed(origin: string): T[] {
    const tasks = [...this.#delayed.values()].filter(task => task.origin === origin);
    for (const task of tasks) {
      this.#delayed.remove(task);
      this.#hasBegun(task);
    }
    return tasks;
  }

  /** Everything that has not started, and forgets it. */
  clear(): T[] {
    const tasks = this.#delayed.clear();
    this.#ending.clear();
    for (const lane of this.#lanes.values()) {
      for (const task of lane.clear()) tasks.push(task);
    }
    this.#ready = 0;
    tasks.push(...this.takeGivenUp());
    return tasks;
  }

  #failed(lane: Lane<T>, now: number): void {
    if (lane.holdReason(now) !== undefined) this.#held.add(lane);
    if (!lane.circuit?.isGivenUp) return;
    for (const task of lane.clear()) {
      this.#ready -= 1;
      this.#hasBegun(task);
      this.#givenUp.push(task);
    }
  }

  #take(lane: Lane<T>, now: number): T {
    this.#rate?.take(now);
    const task = lane.start(now);
    this.#ready -= 1;
    this.#hasBegun(task);
    return task;
  }

  /** One that stood ready. */
  #forget(task: T): void {
    this.#laneOf(task.origin).remove(task);
    this.#ready -= 1;
  }

  #hasBegun(task: T): void {
    if (task.deadline < Number.POSITIVE_INFINITY) this.#ending.remove(task);
  }

  #enter(lane: Lane<T>): void {
    if (lane.inRing || lane.size === 0) {
      this.#forgetIfUnused(lane);
      return;
    }
    lane.inRing = true;
    lane.domain?.forget(lane);
    this.#ring.push(lane);
  }

  /** While a domain has room, one of its lanes that wait for that has its turn; when that one leaves, the next. */
  #enterWaiting(domain: LaneDomain<Lane<T>>): void {
    const lane = domain.takeWaiting();
    if (lane !== undefined) this.#enter(lane);
  }

  /** Takes the lane at the turn out of the ring; the last one takes its place. */
  #leave(lane: Lane<T>): void {
    lane.inRing = false;
    const last = this.#ring.pop()!;
    if (last !== lane) this.#ring[this.#turn] = last;
    const { wakeAt, domain } = lane;
    if (domain !== undefined && !domain.hasRoom && lane.mayStartMore) return domain.wait(lane);
    if (domain !== undefined) this.#enterWaiting(domain);
    // Without an end in sight it is the end of one of its tasks that lets it in again.
    if (lane.hasRoom && lane.holdReason(this.#now) !== undefined) this.#held.add(lane);
    if (lane.hasRoom && wakeAt < Number.POSITIVE_INFINITY) this.#resting.push(wakeAt, lane);
    else this.#forgetIfUnused(lane);
  }

  /** Memory follows the origins in work, not all that were ever seen; one that was throttled is remembered. */
  #forgetIfUnused(lane: Lane<T>): void {
    if (lane.inRing || lane.isInUse || this.#lanes.get(lane.origin) !== lane) return;
    // Who comes back must not find its rate forgotten.
    if (lane.idleAt > this.#now) this.#resting.push(lane.idleAt, lane);
    else {
      this.#lanes.delete(lane.origin);
      this.#held.delete(lane);
      if (lane.domain !== undefined) this.#leaveDomain(lane, lane.domain);
    }
  }

  #leaveDomain(lane: Lane<T>, domain: LaneDomain<Lane<T>>): void {
    domain.forget(lane);
    domain.lanes -= 1;
    if (domain.lanes === 0) this.#domains.delete(domain.name);
  }

  #laneOf(origin: string, domain?: string): Lane<T> {
    let lane = this.#lanes.get(origin);
    if (lane === undefined) {
      lane = new Lane(origin, this.#bounds);
      this.#lanes.set(origin, lane);
      if (domain !== undefined && this.#bounds.perDomain !== undefined)
        lane.domain = this.#domainOf(domain, this.#bounds.perDomain);
    }
    return lane;
  }

  #domainOf(name: string, most: number): LaneDomain<Lane<T>> {
    let domain = this.#domains.get(name);
    if (domain === undefined) {
      domain = new LaneDomain(name, most);
      this.#domains.set(name, domain);
    }
    domain.lanes += 1;
    return domain;
  }
}

const NONE: readonly never[] = Object.freeze([]);
