import { contextOf, describe, expect, FakeClock, requestOf, responseOf, test } from "@skein/testkit";
import { AbortError, ReadTimeout } from "../core/errors.ts";
import type { Request } from "../core/request.ts";
import type { CallSettings, RequestContext } from "../core/request-context.ts";
import type { Service } from "../core/service.ts";
import { BatchRun } from "./batch.ts";
import type { BatchOptions } from "./batch-options.ts";
import type { SettledTask } from "./task.ts";

/** Random histories of a whole batch: whatever happens to it, each item settles once, and nothing is left. */

const HISTORIES = 150;
type Task = SettledTask<number, unknown>;
type Options = BatchOptions<number, unknown, number>;

/** Answers after a while, by chance: well, refused, throttled, or not at all. */
class RandomService implements Service {
  readonly #clock: FakeClock;
  inFlight = 0;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  send(request: Request, context: RequestContext) {
    this.inFlight += 1;
    const outcome = Math.floor(this.#clock.random() * 10);
    return new Promise<ReturnType<typeof responseOf>>((resolve, reject) => {
      const end = () => {
        this.inFlight -= 1;
        context.onCancel = undefined;
        if (outcome === 0) reject(new ReadTimeout("READ_TIMEOUT", "silent"));
        else resolve(responseOf(request, ANSWERS[outcome] ?? { status: 200 }));
      };
      const timer = this.#clock.setTimer(end, this.#clock.random() * 300);
      context.onCancel = reason => {
        timer.cancel();
        this.inFlight -= 1;
        reject(new AbortError(reason));
      };
    });
  }

  async close(): Promise<void> {}
}

const ANSWERS: Record<number, { status: number; headers?: Record<string, string> }> = {
  1: { status: 404 },
  2: { status: 503 },
  3: { status: 429, headers: { "retry-after": "1" } },
};

const { timeouts, policies, streaming, maxResponseBytes } = contextOf();
const SETTINGS: CallSettings = {
  timeouts,
  policies,
  streaming,
  maxResponseBytes,
  raiseForStatus: false,
  defaultEncoding: undefined,
  parseJson: undefined,
  events: undefined,
};

function batchOf(clock: FakeClock, service: Service, items: Iterable<number>, options: Options) {
  return new BatchRun<number, unknown, number>(items, options, {
    clock,
    service,
    settings: SETTINGS,
    maxConnections: 100,
    maxConnectionsPerOrigin: 100,
    maxInFlightPerOrigin: 100,
    build: item => {
      if (item % 37 === 36) throw new Error("can't be built");
      const timeLeft = item % 11 === 10 ? 700 : Number.POSITIVE_INFINITY;
      return { request: requestOf(`http://host${item % 4}.test/${item}`), timeLeft };
    },
    complete: error => error as AbortError,
  });
}

function randomOptions(random: () => number, signal: AbortSignal): Options {
  const chance = (share: number) => random() < share;
  return {
    signal,
    concurrency: 1 + Math.floor(random() * 12),
    ...(chance(0.3) && { perOrigin: 1 }),
    ...(chance(0.3) && { ordered: true }),
    ...(chance(0.3) && { key: (item: number) => String(item % 17) }),
    ...(chance(0.3) && { onFailure: "cancel-group" as const, group: (item: number) => String(item % 5) }),
    ...(chance(0.2) && { maxErrors: 5 }),
    ...(chance(0.3) && { priority: (item: number) => item % 3 }),
    ...(chance(0.2) && { rate: "20/s" as const }),
    ...(chance(0.3) && { parse: async () => "parsed" }),
  };
}

/** One thing that a user may do in the middle. */
function act(batch: ReturnType<typeof batchOf>, random: () => number, added: Promise<Task>[]): void {
  const origin = batch.origin(`http://host${Math.floor(random() * 4)}.test`);
  const actions = [
    () => origin.pause(),
    () => origin.resume(),
    () => origin.resume(),
    () => random() < 0.3 && origin.cancel("not this one"),
    () => batch.pause(),
    () => batch.resume(),
    () => batch.resume(),
    () => random() < 0.05 && batch.drain(),
    () => random() < 0.05 && batch.cancel("enough"),
    () => batch.stopped ?? added.push(batch.add(1_000 + Math.floor(random() * 100)).done),
  ];
  actions[Math.floor(random() * actions.length)]!();
}

function checkCounts({ progress }: ReturnType<typeof batchOf>): void {
  const { pulled, pending, running, waiting, succeeded, failed, cancelled } = progress;
  const counts = [pending, running, waiting, succeeded, failed, cancelled];
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(0);
  expect(counts.reduce((a, b) => a + b)).toBe(pulled);
}

async function history(seed: number): Promise<void> {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const clock = new FakeClock({ random });
  const service = new RandomService(clock);
  const controller = new AbortController();
  const options = randomOptions(random, controller.signal);
  const items = Array.from({ length: Math.floor(random() * 120) }, (_, i) => i);
  const batch = batchOf(clock, service, items, options);
  const settled: Task[] = [];
  const reading = (async () => {
    for await (const task of batch) settled.push(task);
  })();
  const added: Promise<Task>[] = [];
  await clock.tick(1);
  for (let step = 0; step < 30 && batch.progress.running + batch.progress.pending > 0; step++) {
    act(batch, random, added);
    await clock.tick(random() * 200);
    checkCounts(batch);
  }
  batch.resume();
  for (let host = 0; host < 4; host++) batch.origin(`http://host${host}.test`).resume();
  for (
    let minute = 0;
    minute < 100 && batch.progress.pending + batch.progress.running + batch.progress.waiting > 0;
    minute++
  )
    await clock.tick(60_000);
  await clock.tick(0);
  await reading;
  checkCounts(batch);
  const ids = settled.map(task => task.id);
  expect(ids.toSorted((a, b) => a - b)).toEqual(Array.from({ length: batch.progress.pulled }, (_, i) => i));
  if (options.ordered) expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  if (batch.stopped === undefined) expect(ids.length).toBe(items.length + added.length);
  for (const end of added) expect(settled).toContain(await end);
  expect([clock.pendingTimers, service.inFlight]).toEqual([0, 0]);
}

describe("random histories of a batch", () => {
  test("each item settles once, counts sum up, no timer and no call is left", {
    timeout: 60_000,
  }, async () => {
    const first = Math.floor(Math.random() * 2 ** 31);
    for (let seed = first; seed < first + HISTORIES; seed++) {
      try {
        await history(seed);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
  });
});
