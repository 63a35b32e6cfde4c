import type { Clock, Timer } from "../core/clock.ts";
import { formatDuration } from "../core/duration.ts";
import { seededRandom } from "../core/seeded-random.ts";
import { TimerHeap, VirtualTimer } from "./timer-heap.ts";

/** What a wall clock says at the start of every simulation. */
const WALL_START = Date.UTC(2026, 0, 1);

/**
 * So many turns are asked of the event loop at once. Between two of them it lets all promises settle (Node ≥ 11); to ask one
 * by one is as sound, and takes six times as long.
 */
const TURNS = 64;

/** So long, in real time, a simulation waits for work that no virtual event can bring on: a file, a module that loads. */
const REAL_PATIENCE_MS = 2_000;
const REAL_STEP_MS = 5;

/**
 * A clock whose time goes on by itself, from event to event, as fast as the work of each is done. What is due at one instant
 * fires together; before the next instant every promise that follows from it has settled.
 */
export class VirtualClock implements Clock {
  readonly random: () => number;
  /** Instants that something fell due at. */
  instants = 0;
  readonly #timers = new TimerHeap();
  #now = 0;
  #order = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return WALL_START + this.#now;
  }

  setTimer(run: () => void, delayMs: number): Timer {
    const at = this.#now + Math.max(0, delayMs);
    const timer = new VirtualTimer(this.#timers, { at, order: this.#order++, run });
    this.#timers.push(timer);
    return timer;
  }

  /** How many timers are set and have not fired. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /**
   * Lets time go on until `work` has settled; it stands still afterwards.
   *
   * @throws (rejects with) what `work` does; an Error when it waits for nothing that could still happen
   */
  async runUntil<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    work.then(over, over);
    for (let idleSince: number | undefined; !isOver; ) {
      const before = this.instants;
      await this.#turns(() => isOver);
      if (this.instants > before) idleSince = undefined;
      else if (!isOver) idleSince = await this.#waitForReal(idleSince);
    }
    return work;
  }

  #turns(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let hasFailed = false;
      const turn = () => {
        if (hasFailed || isOver()) return;
        try {
          this.#fireInstant();
        } catch (error) {
          hasFailed = true;
          reject(error);
        }
      };
      for (let i = 0; i < TURNS; i++) setImmediate(turn);
      setImmediate(resolve);
    });
  }

  /** Everything that is due next, and was set before. */
  #fireInstant(): void {
    const at = this.#timers.nextAt;
    if (at === Number.POSITIVE_INFINITY) return;
    this.#now = at;
    this.instants += 1;
    const last = this.#order;
    while (this.#timers.nextAt === at && this.#timers.nextOrder < last) this.#timers.shift().run();
  }

  async #waitForReal(since: number | undefined): Promise<number> {
    const now = performance.now();
    if (since !== undefined && now - since > REAL_PATIENCE_MS) {
      throw new Error(
        `the simulation stands still at ${formatDuration(this.#now)}: what it runs waits for something that no timer and no server of it will bring`,
      );
    }
    await new Promise(resolve => setTimeout(resolve, REAL_STEP_MS));
    return since ?? now;
  }
}
