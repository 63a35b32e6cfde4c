import { InvalidOption } from "../core/errors.ts";
import { GroupError } from "./group-error.ts";
import { cancelCall, isThenable, startCall } from "./started-call.ts";

/** A promise (a call that has started), or a function that starts one and heeds the signal. */
export type Gatherable<T> = PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>);

type CallList = readonly Gatherable<unknown>[];
type CallRecord = Readonly<Record<string, Gatherable<unknown>>>;

/** What a call resolves to. */
type Gathered<C> = C extends Gatherable<infer T> ? Awaited<T> : never;
/** The results, in the shape of the calls. */
type GatheredAll<C> = { -readonly [K in keyof C]: Gathered<C[K]> };
/** How each ended, in the shape of the calls. */
type GatheredOutcomes<C> = { -readonly [K in keyof C]: PromiseSettledResult<Gathered<C[K]>> };

/** Waits for several calls; see {@link gather}. */
export interface Gather {
  <const C extends CallList>(...calls: C): Promise<GatheredAll<C>>;
  <const C extends CallList>(calls: C): Promise<GatheredAll<C>>;
  <C extends CallRecord>(calls: C): Promise<GatheredAll<C>>;
  <T>(calls: Iterable<Gatherable<T>>): Promise<Awaited<T>[]>;
  /**
   * Waits until every call has ended, and returns how each did, in order; a record gives a record. An outcome has the
   * platform's shape: `{ status: "fulfilled", value }` or `{ status: "rejected", reason }`. No failure ends the others.
   *
   * @example
   * const [user, posts] = await gather.settled(client.get(userUrl).json(), client.get(postsUrl).json());
   * if (posts.status === "rejected") console.error(posts.reason);
   */
  readonly settled: GatherSettled;
  /**
   * Returns what the first call that succeeds resolves to; cancels the others, and waits for their end.
   *
   * @throws (rejects with) GroupError when all failed, its `errors` in the order of the calls; also when there are none
   * @example
   * const bytes = await gather.any(mirrors.map(url => signal => client.get(url, { signal }).bytes()));
   */
  readonly any: GatherAny;
}

interface GatherSettled {
  <const C extends CallList>(...calls: C): Promise<GatheredOutcomes<C>>;
  <const C extends CallList>(calls: C): Promise<GatheredOutcomes<C>>;
  <C extends CallRecord>(calls: C): Promise<GatheredOutcomes<C>>;
  <T>(calls: Iterable<Gatherable<T>>): Promise<PromiseSettledResult<Awaited<T>>[]>;
}

interface GatherAny {
  <const C extends CallList>(...calls: C): Promise<Gathered<C[number]>>;
  <const C extends CallList>(calls: C): Promise<Gathered<C[number]>>;
  <C extends CallRecord>(calls: C): Promise<Gathered<C[keyof C]>>;
  <T>(calls: Iterable<Gatherable<T>>): Promise<Awaited<T>>;
}

/**
 * Waits for several calls, given as arguments, as a list or as a record, and returns their results in the same shape. The
 * first failure cancels the others, waits until they have ended, and is thrown: nothing is left running.
 *
 * A call is what the client's methods return, with its `json()`, `text()` and `bytes()`; or a function, which is called with
 * a signal to heed. A promise of another origin can't be cancelled: it is only awaited, for as long as it takes.
 *
 * @throws (rejects with) what the first call to fail rejects with
 * @example
 * const [user, posts] = await gather(client.get(userUrl).json(), client.get(postsUrl).json());
 * const pages = await gather(urls.map(url => client.get(url).text()));
 * const { user, posts } = await gather({ user: client.get(userUrl).json(), posts: signal => loadPosts(signal) });
 */
export const gather = /* @__PURE__ */ Object.assign(
  (...given: readonly unknown[]) => inShape(given, allOrFirstFailure),
  {
    settled: (...given: readonly unknown[]) => inShape(given, allOutcomes),
    any: async (...given: readonly unknown[]) => firstSuccess(callsOf(given).calls),
  },
) as unknown as Gather;

// ── what is done with a list of calls ──

async function allOrFirstFailure(calls: Iterable<unknown>): Promise<unknown[]> {
  const started = await StartedCalls.start(calls);
  let failure: { error: unknown } | undefined;
  const values = await Promise.all(
    started.promises.map(async call => {
      try {
        return await call;
      } catch (error) {
        if (failure === undefined) started.cancel("another call of the group failed", error);
        failure ??= { error };
        return undefined;
      }
    }),
  );
  if (failure !== undefined) throw failure.error;
  return values;
}

async function allOutcomes(calls: Iterable<unknown>): Promise<PromiseSettledResult<unknown>[]> {
  return Promise.allSettled((await StartedCalls.start(calls)).promises);
}

async function firstSuccess(calls: Iterable<unknown>): Promise<unknown> {
  const started = await StartedCalls.start(calls);
  let success: { value: unknown } | undefined;
  const errors = await Promise.all(
    started.promises.map(async call => {
      try {
        const value = await call;
        if (success === undefined) started.cancel("another call of the group has answered");
        success ??= { value };
        return undefined;
      } catch (error) {
        return error;
      }
    }),
  );
  if (success !== undefined) return success.value;
  throw new GroupError(
    errors.length === 0 ? "there was no call" : `all ${errors.length} calls failed`,
    errors,
  );
}

/** Calls under way; those that are functions share a signal. */
class StartedCalls {
  readonly promises: unknown[] = [];
  readonly #controller = new AbortController();

  static async start(calls: Iterable<unknown>): Promise<StartedCalls> {
    const started = new StartedCalls();
    try {
      for (const call of calls) started.promises.push(started.#start(call));
    } catch (error) {
      // The list is made as it is read, and that failed: what has started must not be left behind.
      started.cancel("the calls could not be listed", error);
      await Promise.allSettled(started.promises);
      throw error;
    }
    return started;
  }

  cancel(reason: string, cause: unknown = reason): void {
    this.#controller.abort(cause);
    for (const promise of this.promises) cancelCall(promise, reason);
  }

  #start(call: unknown): unknown {
    if (typeof call !== "function") return call;
    return startCall(call as (signal: AbortSignal) => unknown, this.#controller.signal);
  }
}

// ── the shapes in which calls are given ──

async function inShape(
  given: readonly unknown[],
  run: (calls: Iterable<unknown>) => Promise<unknown[]>,
): Promise<unknown> {
  const { names, calls } = callsOf(given);
  const values = await run(calls);
  if (names === undefined) return values;
  return Object.fromEntries(names.map((name, index) => [name, values[index]]));
}

/** @returns the calls; and their names, where a record was given */
function callsOf(given: readonly unknown[]): { names?: string[]; calls: Iterable<unknown> } {
  const [only] = given;
  if (given.length !== 1 || typeof only === "function" || isThenable(only)) return { calls: given };
  if (typeof only !== "object" || only === null)
    throw new InvalidOption(`gather: expected calls, a list or a record of them; got ${String(only)}`);
  if (Symbol.iterator in only) return { calls: only as Iterable<unknown> };
  const names = Object.keys(only);
  return { names, calls: names.map(name => (only as Record<string, unknown>)[name]) };
}
