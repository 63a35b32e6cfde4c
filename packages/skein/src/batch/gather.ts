/** A call under way that can be stopped: what the client's methods return. Other promises are only awaited. */
interface Cancellable {
  cancel(reason?: unknown): void;
}

/** A promise (a call that has started), or a function that starts one and heeds the signal. */
export type Gatherable<T> = PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>);

type Gathered<C> = C extends Gatherable<infer T> ? T : never;

/**
 * Waits for several calls and returns their results in order; a record gives a record. The first failure cancels the
 * others, waits until they have ended, and is thrown: nothing is left running. A promise that is not a call of Skein's
 * can't be cancelled: it is only awaited.
 *
 * @example
 * const [user, posts] = await gather([client.get(userUrl).json(), client.get(postsUrl).json()]);
 * const { user, posts } = await gather({ user: client.get(userUrl).json(), posts: client.get(postsUrl).json() });
 */
export async function gather<const C extends readonly Gatherable<unknown>[]>(
  calls: C,
): Promise<{ -readonly [K in keyof C]: Gathered<C[K]> }>;
export async function gather<C extends Readonly<Record<string, Gatherable<unknown>>>>(
  calls: C,
): Promise<{ [K in keyof C]: Gathered<C[K]> }>;
export async function gather<T>(calls: Iterable<Gatherable<T>>): Promise<T[]>;
export async function gather(
  calls: Iterable<Gatherable<unknown>> | Readonly<Record<string, Gatherable<unknown>>>,
): Promise<unknown> {
  if (Symbol.iterator in calls) return gatherList([...(calls as Iterable<Gatherable<unknown>>)]);
  const names = Object.keys(calls);
  const values = await gatherList(names.map(name => calls[name]!));
  return Object.fromEntries(names.map((name, index) => [name, values[index]]));
}

async function gatherList(calls: readonly Gatherable<unknown>[]): Promise<unknown[]> {
  const controller = new AbortController();
  const started = calls.map(call => start(call, controller.signal));
  let failure: { error: unknown } | undefined;
  const watched = started.map(async call => {
    try {
      return await call;
    } catch (error) {
      failure ??= { error };
      if (!controller.signal.aborted) cancelAll(started, controller, error);
      return undefined;
    }
  });
  const values = await Promise.all(watched);
  if (failure !== undefined) throw (failure as { error: unknown }).error;
  return values;
}

/** A function that throws at once fails like one that rejects: the others must be cancelled all the same. */
function start(call: Gatherable<unknown>, signal: AbortSignal): PromiseLike<unknown> {
  if (typeof call !== "function") return call;
  try {
    return call(signal);
  } catch (error) {
    return Promise.reject(error);
  }
}

function cancelAll(
  calls: readonly PromiseLike<unknown>[],
  controller: AbortController,
  cause: unknown,
): void {
  controller.abort(cause);
  for (const call of calls) if (isCancellable(call)) call.cancel("another call of the group failed");
}

function isCancellable(call: PromiseLike<unknown>): call is PromiseLike<unknown> & Cancellable {
  return "cancel" in call && typeof call.cancel === "function";
}
