import { HandlerError, InvalidOption, isSkeinError, type SkeinError } from "../core/errors.ts";

/** The options that are functions. */
type HandlerName =
  | "request"
  | "accept"
  | "parse"
  | "handle"
  | "key"
  | "group"
  | "priority"
  | "fallback"
  | "perDomain.domainOf";

/**
 * Calls a function of the caller's that has to answer at once. A promise is refused: taken for an answer, it would mean
 * "yes" to every status, and its failure would be nobody's.
 */
export function callNow<T>(name: HandlerName, run: () => T): T | SkeinError {
  try {
    const answer = run();
    return isPromise(answer) ? refuse(name, answer) : answer;
  } catch (thrown) {
    return handlerError(name, thrown);
  }
}

/** What a function of the caller's threw, as the error of its task; one of ours is passed on. */
export function handlerError(name: HandlerName, thrown: unknown): SkeinError {
  // The task's attempts are written into its error: one that can't be changed is kept as the cause.
  const isOurs = isSkeinError(thrown) && Object.isExtensible(thrown);
  return isOurs ? thrown : new HandlerError(`${name}()`, thrown);
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function refuse(name: string, promise: PromiseLike<unknown>): SkeinError {
  promise.then(undefined, () => undefined);
  return new InvalidOption(`${name}: it returned a promise, but has to answer at once`);
}
