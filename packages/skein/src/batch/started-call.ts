/** A call under way that can be stopped: what the client's methods return, and their `json()`, `text()`, `bytes()`. */
interface Cancellable {
  cancel(reason?: unknown): void;
}

/** Starts one: a function that throws at once fails like one that rejects, so that the others are cancelled all the same. */
export function startCall<T>(
  call: (signal: AbortSignal) => PromiseLike<T> | T,
  signal: AbortSignal,
): PromiseLike<T> {
  try {
    const started = call(signal);
    return isThenable(started) ? started : Promise.resolve(started);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Stops it, where it can be stopped; a promise of somebody else's goes on. */
export function cancelCall(call: unknown, reason: unknown): void {
  if (isCancellable(call)) call.cancel(reason);
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && "then" in value && typeof value.then === "function";
}

function isCancellable(call: unknown): call is Cancellable {
  return isObject(call) && "cancel" in call && typeof call.cancel === "function";
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
