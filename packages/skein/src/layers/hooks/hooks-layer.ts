import { HandlerError, isSkeinError, type SkeinError } from "../../core/errors.ts";
import { Request } from "../../core/request.ts";
import type { CallEvents } from "../../core/request-context.ts";
import { Response } from "../../core/response.ts";
import type { Layer, Service } from "../../core/service.ts";

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
  return inner =>
    ({
      async send(request, context) {
        const sent = await changed(request, { run: hooks.request, name: "hooks.request", type: Request });
        const response = await inner.send(sent, context);
        if (context.reading !== undefined) response.readAs(context.reading);
        return changedResponse(response, hooks);
      },
      close: () => inner.close(),
    }) satisfies Service;
}

async function changedResponse(response: Response, hooks: Hooks): Promise<Response> {
  try {
    return await changed(response, { run: hooks.response, name: "hooks.response", type: Response });
  } catch (error) {
    // Nobody will read it now: its connection must not wait for that.
    response.body.cancel(error);
    throw error;
  }
}

interface Change<T> {
  readonly run: ((value: T) => T | void | Promise<T | void>) | undefined;
  readonly name: string;
  readonly type: abstract new (...args: never[]) => T;
}

async function changed<T>(value: T, change: Change<T>): Promise<T> {
  if (change.run === undefined) return value;
  const result = await run(change.name, () => change.run?.(value));
  if (result === undefined) return value;
  if (result instanceof change.type) return result;
  throw new HandlerError(
    change.name,
    new TypeError(`it returned ${typeof result}; expected a ${change.type.name}, or nothing`),
  );
}

async function run<T>(name: string, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw isSkeinError(error) ? error : new HandlerError(name, error);
  }
}
