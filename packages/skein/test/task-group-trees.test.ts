import { randomInt } from "node:crypto";
import { getEventListeners } from "node:events";
import { describe, expect, originServer, test } from "@skein/testkit";
import { BaseTaskGroup, type TaskGroupOptions } from "../src/batch/task-group.ts";
import type { Clock, Timer } from "../src/core/clock.ts";
import { Client, type GroupTask, isGroupError, TotalTimeout } from "../src/entry/node.ts";
import { nodeClock } from "../src/runtime/node/node-clock.ts";
import { Choices } from "./http1/answer-generator.ts";

/**
 * Random trees of groups, with failures, cancellations, deadlines and signals at random times: whatever happens, nothing
 * outlives a group, no failure is lost or told twice, and nothing is left behind.
 *
 * SKEIN_GROUP_TREES: how many of each kind (default 300). SKEIN_GROUP_SEED: which, to see a failure again.
 */

const TREES = Number(process.env.SKEIN_GROUP_TREES ?? 300);
const SEED = Number(process.env.SKEIN_GROUP_SEED ?? randomInt(2 ** 30));
const AT_ONCE = 15;
const DEEPEST = 3;

/** Work of a task: ends well after `ms`, and heeds the signal in the way of its kind. */
type Work = (ms: number, signal: AbortSignal) => Promise<unknown>;

class Tree {
  readonly choices: Choices;
  readonly work: Work;
  readonly clock: Clock;
  timers = 0;
  groups = 0;
  tasks = 0;
  readonly #signals: AbortSignal[] = [];
  readonly problems: string[] = [];

  constructor(seed: number, work: Work) {
    this.choices = new Choices(seed);
    this.work = work;
    this.clock = { ...nodeClock, setTimer: (run, ms) => this.#countTimer(run, ms) };
  }

  async grow(): Promise<void> {
    const controller = new AbortController();
    if (this.choices.below(4) === 0)
      setTimeout(() => controller.abort(new Error("outside")), this.choices.below(16));
    await new GroupUnderTest(this, controller.signal, 0).run().catch(() => undefined);
    this.watch(controller.signal);
    if (this.timers !== 0) this.problems.push(`${this.timers} timers are left`);
    for (const signal of this.#signals) {
      const left = getEventListeners(signal, "abort").length;
      if (left > 0) this.problems.push(`${left} listeners are left`);
    }
  }

  /** At the end nobody may listen to it any more. */
  watch(signal: AbortSignal): void {
    this.#signals.push(signal);
  }

  #countTimer(run: () => void, ms: number): Timer {
    let isSet = true;
    const done = () => {
      if (isSet) this.timers -= 1;
      isSet = false;
    };
    this.timers += 1;
    const timer = nodeClock.setTimer(() => {
      done();
      run();
    }, ms);
    const cancel = () => {
      done();
      timer.cancel();
    };
    return { ...timer, cancel };
  }
}

/** One group of a tree, with what must be so at its end. */
class GroupUnderTest {
  readonly #tree: Tree;
  readonly #options: TaskGroupOptions;
  readonly #group: BaseTaskGroup;
  readonly #depth: number;
  readonly #ownCancel = new Error("cancelled by its own program");
  readonly #runs: GroupTask<unknown>[] = [];
  /** What tasks failed with: all but what became of their cancellation. */
  readonly #failed = new Set<unknown>();
  #active = 0;

  constructor(tree: Tree, signal: AbortSignal, depth: number) {
    const { choices } = tree;
    this.#tree = tree;
    this.#depth = depth;
    this.#options = {
      signal,
      onError: choices.below(2) === 0 ? "cancel" : "collect",
      ...(choices.below(2) === 0 ? { limit: 1 + choices.below(4) } : undefined),
      ...(choices.below(3) === 0 ? { deadline: choices.below(21) } : undefined),
    };
    this.#group = new BaseTaskGroup(this.#options, tree.clock);
    tree.groups += 1;
  }

  async run(): Promise<void> {
    const { choices } = this.#tree;
    const tasks = choices.below(6);
    for (let i = 0; i < tasks; i++) this.#add();
    if (choices.below(6) === 0) setTimeout(() => this.#group.cancel(this.#ownCancel), choices.below(11));
    const [outcome] = await Promise.allSettled([this.#group.join()]);
    this.#check(outcome);
    if (outcome.status === "rejected") throw outcome.reason;
  }

  #add(): void {
    const { choices } = this.#tree;
    const [ms, kind] = [choices.below(9), choices.below(10)];
    const run = this.#group.run(signal => this.#task(kind, ms, signal));
    this.#runs.push(run);
    if (choices.below(8) === 0) setTimeout(() => run.cancel("this one"), choices.below(11));
  }

  async #task(kind: number, ms: number, signal: AbortSignal): Promise<unknown> {
    this.#active += 1;
    this.#tree.tasks += 1;
    this.#tree.watch(signal);
    if (this.#active > (this.#options.limit ?? Number.POSITIVE_INFINITY)) this.#problem("beyond its limit");
    try {
      return await this.#act(kind, ms, signal);
    } catch (error) {
      if (!signal.aborted || !isEcho(error, signal)) this.#failed.add(error);
      // Of a group within that was cancelled: what had failed in it.
      else if (error !== signal.reason)
        for (const failure of (error as { suppressed?: unknown[] }).suppressed ?? [])
          this.#failed.add(failure);
      throw error;
    } finally {
      this.#active -= 1;
    }
  }

  async #act(kind: number, ms: number, signal: AbortSignal): Promise<unknown> {
    if (kind === 0) throw new Error("at once");
    if (kind === 1) {
      await this.#tree.work(ms, signal);
      throw new Error("later");
    }
    // It ignores its signal: it is waited for, and may even fail.
    if (kind === 2) return wait(ms);
    if (kind === 3)
      return wait(ms).then(() => {
        throw new Error("deaf");
      });
    if (kind === 4 && this.#depth < DEEPEST) this.#add();
    if (kind >= 5 && kind <= 7 && this.#depth < DEEPEST)
      return new GroupUnderTest(this.#tree, signal, this.#depth + 1).run();
    return this.#tree.work(ms, signal);
  }

  #check(outcome: PromiseSettledResult<void>): void {
    if (this.#active > 0) this.#problem(`${this.#active} tasks outlive it`);
    const states = new Set(this.#runs.map(({ state }) => state));
    if (states.has("pending") || states.has("running")) this.#problem("a task has no end");
    try {
      this.#group.run(() => this.#problem("a task began after the end"));
      this.#problem("it took a task after its end");
    } catch {}
    const thrown = outcome.status === "rejected" ? { error: outcome.reason } : undefined;
    const expected = this.#expected();
    if (thrown?.error !== expected?.error && !isListOf(thrown?.error, expected?.error))
      this.#problem(`it ended with ${String(thrown?.error)}; not with ${String(expected?.error)}`);
    this.#checkThatNoneIsLost(thrown?.error);
  }

  /** By why it was cancelled, if it was: what its end must be. An array stands for a GroupError that lists it. */
  #expected(): { error: unknown } | undefined {
    const { signal } = this.#group;
    const [first] = this.#failed;
    const isEnded = signal.aborted && signal.reason !== this.#ownCancel;
    if (isEnded && signal.reason === this.#options.signal?.reason) return { error: { cause: signal.reason } };
    if (isEnded && (signal.reason instanceof TotalTimeout || this.#failed.has(signal.reason)))
      return { error: signal.reason };
    if (this.#failed.size === 0) return undefined;
    return { error: this.#options.onError === "collect" ? [...this.#failed] : first };
  }

  #checkThatNoneIsLost(thrown: unknown): void {
    const isList = isGroupError(thrown) && !this.#failed.has(thrown);
    const { suppressed = [] } = (thrown ?? {}) as { suppressed?: unknown[] };
    const told = isList ? thrown.errors : [thrown, ...suppressed];
    for (const failure of this.#failed) {
      const times = told.filter(error => error === failure).length;
      if (times !== 1) this.#problem(`${String(failure)} is told ${times} times by ${String(thrown)}`);
    }
  }

  #problem(what: string): void {
    this.#tree.problems.push(`a group at depth ${this.#depth}: ${what}`);
  }
}

/** Whether an error is the signal's own reason, or has come of it. */
function isEcho(error: unknown, signal: AbortSignal): boolean {
  for (let cause = error; cause !== undefined; cause = (cause as { cause?: unknown }).cause)
    if (cause === signal.reason || (cause as { name?: string }).name === "AbortError") return true;
  return false;
}

function isListOf(thrown: unknown, expected: unknown): boolean {
  if (Array.isArray(expected))
    return (
      isGroupError(thrown) &&
      JSON.stringify(thrown.errors.map(String)) === JSON.stringify(expected.map(String))
    );
  const { cause } = (expected ?? {}) as { cause?: unknown };
  return cause !== undefined && (thrown as { code?: string; cause?: unknown })?.cause === cause;
}

function wait(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

/** Work of promises alone. */
function waitWith(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/** Grows the trees, some at once, each by its own seed, which a failure names. */
async function growTrees(work: Work): Promise<{ groups: number; tasks: number }> {
  const grown = { groups: 0, tasks: 0 };
  for (let first = 0; first < TREES; first += AT_ONCE) {
    const trees = Array.from({ length: Math.min(AT_ONCE, TREES - first) }, async (_, index) => {
      const tree = new Tree(SEED + first + index, work);
      await tree.grow();
      expect(tree.problems, `SKEIN_GROUP_SEED=${SEED + first + index} SKEIN_GROUP_TREES=1`).toEqual([]);
      grown.groups += tree.groups;
      grown.tasks += tree.tasks;
    });
    await Promise.all(trees);
  }
  return grown;
}

describe("random trees of groups", { timeout: 120_000 }, () => {
  test("of promises", async () => {
    const grown = await growTrees(waitWith);
    if (TREES >= 300) expect(grown.groups).toBeGreaterThan(TREES);
    if (TREES >= 300) expect(grown.tasks).toBeGreaterThan(2 * TREES);
  });

  test("of requests on real sockets: no answer is still waited for, and no socket is left", async () => {
    let waiting = 0;
    await using origin = await originServer({
      routes: {
        work: ({ request, response }) => {
          waiting += 1;
          response.once("close", () => {
            waiting -= 1;
          });
          const ms = Number(new URL(request.url ?? "", "http://a.test").searchParams.get("ms"));
          setTimeout(() => response.end("done"), ms);
        },
      },
    });
    const client = new Client({ baseUrl: origin.url, retry: false });
    await growTrees((ms, signal) => client.get(`/work?ms=${ms}`, { signal }).text());
    await expect.poll(() => waiting).toBe(0);
    await client.close();
    await expect.poll(() => origin.openConnections).toBe(0);
  });
});
