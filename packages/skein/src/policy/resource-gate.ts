/** What held a batch below what it may have in flight: this process, not the servers. */
export type Gate = "connections" | "memory" | "event loop";

/** What is looked at, tick by tick. */
export interface ResourceSample {
  /** In flight now. */
  readonly running: number;
  /** How many connections there may be, as the pool has it. */
  readonly room: number;
  /** The share of memory in use, from 0 to 1. */
  readonly memory: number;
  /** By how many milliseconds the tick came too late. */
  readonly late: number;
}

/** Above the first fewer are let go, below the second more again; between them it stays. */
const MEMORY = { high: 0.85, low: 0.75 };
const LATE_MS = { high: 100, low: 50 };
/** One late tick may be the garbage collector, or a callback of somebody's: so many in a row are a loop that can't keep up. */
const LATE_TICKS = 3;
const SHRINK = 0.7;
const GROW = 0.1;
/** A busy loop is no reason to stand still: so many do no harm to it. */
const LEAST_BY_LOOP = 10;

/**
 * How many may be in flight for what this process has: connections that it may open, memory, and a loop that still comes round
 * in time. Where it comes round late, more in flight are no faster, only older: answers lie unread, and timeouts count them.
 */
export class ResourceGate {
  /** Undefined while nothing holds it below the most. */
  gate: Gate | undefined;
  readonly #most: number;
  /** By memory and the loop. */
  #allowed: number;
  #room = Number.POSITIVE_INFINITY;
  #why: Gate | undefined;
  readonly #late: number[] = [];

  constructor(most: number) {
    this.#most = most;
    this.#allowed = most;
  }

  get limit(): number {
    return Math.min(this.#allowed, this.#room);
  }

  see(sample: ResourceSample): void {
    const late = this.#latest(sample.late);
    const { memory, running } = sample;
    if (memory > MEMORY.high) this.#shrink("memory", running, 1);
    else if (late > LATE_MS.high) this.#shrink("event loop", running, LEAST_BY_LOOP);
    else if (memory < MEMORY.low && late < LATE_MS.low) this.#grow();
    this.#room = Math.max(1, sample.room);
    this.gate = this.#room < this.#allowed ? "connections" : this.#why;
  }

  /** The least of the last few. */
  #latest(late: number): number {
    this.#late.push(late);
    if (this.#late.length > LATE_TICKS) this.#late.shift();
    return this.#late.length < LATE_TICKS ? 0 : Math.min(...this.#late);
  }

  #shrink(why: Gate, running: number, least: number): void {
    const fewer = Math.max(least, Math.floor(SHRINK * Math.min(this.#allowed, running)));
    this.#allowed = Math.min(this.#allowed, fewer);
    if (this.#allowed < this.#most) this.#why = why;
  }

  #grow(): void {
    this.#allowed = Math.min(this.#most, this.#allowed + Math.max(1, Math.floor(GROW * this.#allowed)));
    if (this.#allowed === this.#most) this.#why = undefined;
  }
}
