import { HandlerError, isSkeinError } from "../../core/errors.ts";
import type { Hooks } from "../../core/hooks.ts";
import { Request } from "../../core/request.ts";
import { Response } from "../../core/response.ts";
import type { Layer, Service } from "../../core/service.ts";

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
