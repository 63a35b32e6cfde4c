import { existsSync, readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, onTestFinished } from "@skein/testkit";
import { SkeinError } from "../../src/entry/node.ts";

/** The suite's own seed: the same run each time. Campaigns look for more with `HOSTILE_SEED`. */
const SUITE_SEED = 785_978_636;

/** Chance that can be had again: the seed is printed, and `HOSTILE_SEED=n` makes another run. */
export class Chance {
  readonly seed: number;
  #state: number;

  constructor(campaign: string) {
    this.seed = Number(process.env.HOSTILE_SEED ?? SUITE_SEED);
    this.#state = this.seed;
    console.log(`${campaign}: HOSTILE_SEED=${this.seed}`);
  }

  /** In [0, 1): mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** 0, 1 … `below - 1`. */
  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  /** Whether something happens that does so with this probability. */
  happens(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)]!;
  }
}

/** How many times as long a campaign runs as in the suite: `HOSTILE_TIMES=20`. */
export const TIMES = Number(process.env.HOSTILE_TIMES ?? 1);

/** For the test's own limit: a campaign that runs longer may take longer. */
export const LIMIT_MS = 30_000 * TIMES;

export const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));

/** At once, so that what is left is held by someone. */
export function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

/** Fails the test when anything escapes while it runs: a rejection that nobody handles, an exception of a callback. */
export function nothingEscapes(): void {
  const escaped: unknown[] = [];
  const catcher = (error: unknown) => void escaped.push(error);
  process.on("unhandledRejection", catcher).on("uncaughtException", catcher);
  onTestFinished(async () => {
    // What is rejected in this turn is reported in the next one.
    await pause(5);
    process.off("unhandledRejection", catcher).off("uncaughtException", catcher);
    expect(escaped).toEqual([]);
  });
}

/** What this process has open. Sockets of a client are not referenced: only the files tell of them. */
function openThings(): { timers: number; files: number } {
  const timers = process.getActiveResourcesInfo().filter(kind => kind === "Timeout").length;
  return { timers, files: existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd").length : 0 };
}

/** Remembers what is open now; the function that it returns waits until there is no more again. */
export function baseline(): () => Promise<void> {
  const before = openThings();
  return async () => {
    let now = openThings();
    for (let tries = 0; tries < 300 && (now.timers > before.timers || now.files > before.files); tries++) {
      await pause(10);
      now = openThings();
    }
    expect(now.timers, "timers").toBeLessThanOrEqual(before.timers);
    expect(now.files, "files").toBeLessThanOrEqual(before.files);
  };
}

/** How a call ended: with what it gave, or with an error of ours; anything else fails the test. */
export async function outcomeOf<T>(call: PromiseLike<T>): Promise<T | SkeinError> {
  try {
    return await call;
  } catch (error) {
    expect(error).toBeInstanceOf(SkeinError);
    return error as SkeinError;
  }
}

/** Runs the jobs, so many at once. */
export async function inParallel(width: number, jobs: Iterable<() => Promise<void>>): Promise<void> {
  const iterator = jobs[Symbol.iterator]();
  const work = async () => {
    for (let job = iterator.next(); !job.done; job = iterator.next()) await job.value();
  };
  await Promise.all(Array.from({ length: width }, work));
}
