import type { TaskState } from "../batch/task.ts";
import { isSkeinError } from "../core/errors.ts";
import type { IncomingBody } from "../core/incoming-body.ts";
import { ownOptions } from "../core/own-options.ts";
import { type CallSettings, RequestContext } from "../core/request-context.ts";
import type { Response } from "../core/response.ts";
import type { RequestSpec } from "./build-request.ts";

/**
 * One call of a client. It can be cancelled by its promise, or by the caller's signal, on which it leaves no listener
 * behind.
 */
export class Call {
  readonly method: string;
  readonly spec: RequestSpec;
  /** How it ended, once it has. */
  outcome: "succeeded" | "failed" | "cancelled" | undefined;
  #context: RequestContext | undefined;
  #onAbort: (() => void) | undefined;

  constructor(method: string, spec: RequestSpec) {
    this.method = method;
    const { url, options } = spec;
    this.spec = {
      url,
      options: options && ownOptions(options),
      built: Object.hasOwn(spec, "built") ? spec.built : undefined,
    };
  }

  /** Read off what is there: a call tells nobody of its steps. */
  get state(): TaskState {
    const context = this.#context;
    if (this.outcome !== undefined || context === undefined) return this.outcome ?? "pending";
    const { stage, record, onCancel } = context;
    if (stage === "waiting") return "waiting";
    // A transport without connections of ours keeps no record; it can be told to stop as soon as it has begun.
    const isDispatched = record === undefined ? onCancel !== undefined : record.dispatchedAt > 0;
    return isDispatched || stage === "redirected" ? "running" : "pending";
  }

  /** The end of a call that failed; of one that a fallback saved, too. */
  async conclude(ending: Promise<Response>): Promise<Response> {
    try {
      const response = await ending;
      this.outcome = "succeeded";
      return response;
    } catch (error) {
      this.outcome = isSkeinError(error) && error.code === "ABORTED" ? "cancelled" : "failed";
      throw error;
    }
  }

  begin(settings: CallSettings): RequestContext {
    const context = new RequestContext(settings);
    this.#context = context;
    const signal = this.spec.options?.signal;
    if (signal !== undefined) this.#follow(signal, context);
    context.throwIfCancelled();
    return context;
  }

  cancel(reason: unknown): void {
    this.#context?.cancel(reason);
  }

  /** A stream can be cancelled for as long as its body lasts. */
  endWith(body: IncomingBody): void {
    if (this.#onAbort !== undefined) body.whenSettled(() => this.end());
  }

  /** No more to cancel: the caller's signal is let go. */
  end(): void {
    if (this.#onAbort !== undefined) this.spec.options?.signal?.removeEventListener("abort", this.#onAbort);
    this.#onAbort = undefined;
  }

  #follow(signal: AbortSignal, context: RequestContext): void {
    if (signal.aborted) return context.cancel(signal.reason);
    this.#onAbort = () => context.cancel(signal.reason);
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }
}
