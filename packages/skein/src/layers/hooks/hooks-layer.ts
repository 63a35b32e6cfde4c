import { HandlerError, isSkeinError, type SkeinError } from "../../core/errors.ts";
import { Request } from "../../core/request.ts";
import type { CallEvents } from "../../core/request-context.ts";
import { Response } from "../../core/response.ts";
import type { Layer } from "../../core/service.ts";

/**
 * Functions that are called as calls go by; each may be async, and is waited for. One that throws fails the call.
 *
 * @example
 * const client = new Client({ hooks: { request: request => request.with({ headers: request.headers.with("X-Trace", id()) }) } });
 */
export interface Hooks extends CallEvents {
  /** Once a call, before anything is sent; what it returns is sent in the place of the request. */
  request?(request: Request): Request | void | Promise<Request | void>;
  /** The final response: read, unless it streams; what it returns takes its place. */
  response?(response: Response): Response | void | Promise<Response | void>;
  /**
   * The error of a call that failed for good, once a call, before `fallback` is asked: also a refused status where
   * `raiseForStatus` makes it an error. What it returns is thrown in its place. In a batch: of an attempt that failed.
   */
  error?(error: SkeinError): Error | void | Promise<Error | void>;
}

/** The names, for those who check options. */
export const HOOK_NAMES = ["request", "response", "error", "retry", "redirect"] as const;

/**
 * Calls `request` and `response`. `retry` and `redirect` are called by those layers, `error` by the client: a call may also
 * fail outside of all layers.
 */
export function hooksLayer(hooks: Hooks): Layer {
  const onRequest = { run: hooks.request, name: "hooks.request", type: Request };
  const onResponse = { run: hooks.response, name: "hooks.response", type: Response };
  return inner => ({
    send(request, context) {
      const sent = changed(request, onRequest);
      const answer =
        sent instanceof Promise ? sent.then(own => inner.send(own, context)) : inner.send(sent, context);
      return answer.then(response => {
        if (context.reading !== undefined) response.readAs(context.reading);
        const read = changed(response, onResponse);
        // Nobody will read one that was refused: its connection must not wait for that.
        if (read instanceof Promise) read.catch(error => response.body.cancel(error));
        return read;
      });
    },
    close: () => inner.close(),
  });
}

interface Change<T> {
  readonly run: ((value: T) => T | void | Promise<T | void>) | undefined;
  readonly name: string;
  readonly type: abstract new (...args: never[]) => T;
}

/** At once where the hook answers at once: most do, and a promise more or less is felt here. */
function changed<T>(value: T, change: Change<T>): T | Promise<T> {
  if (change.run === undefined) return value;
  try {
    const result = change.run(value);
    if (result === undefined) return value;
    return isPromise(result) ? changedLater(value, result, change) : accepted(value, result, change);
  } catch (error) {
    return Promise.reject(wrapped(error, change));
  }
}

async function changedLater<T>(value: T, result: PromiseLike<T | void>, change: Change<T>): Promise<T> {
  try {
    return accepted(value, await result, change);
  } catch (error) {
    throw wrapped(error, change);
  }
}

function accepted<T>(value: T, result: T | void, { name, type }: Change<T>): T {
  if (result === undefined) return value;
  if (result instanceof type) return result;
  throw new HandlerError(
    name,
    new TypeError(`it returned ${typeof result}; expected a ${type.name}, or nothing`),
  );
}

function isPromise<T>(value: T | void | Promise<T | void>): value is Promise<T | void> {
  return typeof (value as Partial<PromiseLike<T>> | null)?.then === "function";
}

function wrapped(error: unknown, { name }: { readonly name: string }): unknown {
  return isSkeinError(error) ? error : new HandlerError(name, error);
}
