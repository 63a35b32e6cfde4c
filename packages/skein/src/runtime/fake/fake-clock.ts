import type { Clock, Timer } from "../../core/clock.ts";
import { seededRandom } from "../../core/seeded-random.ts";

export interface FakeClockOptions {
  /** What `wallNow()` says at the start, in milliseconds since the Unix epoch. Default: 2026-01-01T00:00:00Z. */
  wallStart?: number;
  /** What `random()` gives, in [0, 1). Default: numbers that are the same in every run. */
  random?: () => number;
}

interface PendingTimer extends Timer {
  readonly at: number;
  readonly run: () => void;
  referenced: boolean;
}

/** A clock that stands still until it is told to go on: waits of hours are tested in no time, and never by chance. */
export class FakeClock implements Clock {
  readonly random: () => number;
  readonly #wallStart: number;
  /** By time, then in the order they were set. */
  readonly #timers: PendingTimer[] = [];
  #now = 0;

  constructor(options: FakeClockOptions = {}) {
    this.#wallStart = options.wallStart ?? Date.UTC(2026, 0, 1);
    this.random = options.random ?? seededRandom(1);
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#wallStart + this.#now;
  }

  setTimer(run: () => void, delayMs: number): Timer {
    const timers = this.#timers;
    const timer: PendingTimer = {
      at: this.#now + Math.max(0, delayMs),
      run,
      referenced: true,
      cancel() {
        const index = timers.indexOf(timer);
        if (index >= 0) timers.splice(index, 1);
      },
      ref() {
        timer.referenced = true;
      },
      unref() {
        timer.referenced = false;
      },
    };
    let index = timers.length;
    while (index > 0 && timers[index - 1]!.at > timer.at) index--;
    timers.splice(index, 0, timer);
    return timer;
  }

  /** How many timers are set and have not fired: 0 where nothing leaks. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** Whether a timer would keep the process alive. */
  get isReferenced(): boolean {
    return this.#timers.some(timer => timer.referenced);
  }

  /** Milliseconds until the next timer fires; undefined when none is set. */
  get nextTimerIn(): number | undefined {
    const next = this.#timers[0];
    return next === undefined ? undefined : next.at - this.#now;
  }

  /** Goes on by `ms`, firing what falls due on the way, each at its time; also what those timers set. */
  advance(ms: number): void {
    const end = this.#now + ms;
    while (this.#fireNext(end));
    this.#now = end;
  }

  /**
   * As `advance`, but lets everything that waits for promises run before it starts and after each timer: a loop that
   * sleeps, sends and sleeps again comes as far as it would have on a real clock.
   */
  async tick(ms = 0): Promise<void> {
    const end = this.#now + ms;
    do await settlePromises();
    while (this.#fireNext(end));
    this.#now = end;
  }

  /** Fires the first timer that is due by `end`; false when there is none. */
  #fireNext(end: number): boolean {
    const next = this.#timers[0];
    if (next === undefined || next.at > end) return false;
    this.#timers.shift();
    this.#now = next.at;
    next.run();
    return true;
  }
}

/** A task of the event loop runs only when no promise reaction is left. */
function settlePromises(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
