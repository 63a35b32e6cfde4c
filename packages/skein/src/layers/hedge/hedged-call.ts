import type { Clock, Timer } from "../../core/clock.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Service } from "../../core/service.ts";
import type { HedgePlan } from "../../policy/hedge.ts";
import { isRetryableStatus } from "../../policy/retry.ts";

interface Setup {
  readonly request: Request;
  readonly context: RequestContext;
  readonly inner: Service;
  readonly clock: Clock;
  readonly plan: HedgePlan;
}

/** How a request of the two ended. */
type Ended = { readonly response: Response } | { readonly error: unknown };

/**
 * One call, and perhaps two requests. The first good answer is the call's; one that says that something is wrong is kept
 * until the other has ended, too, and is the call's only if that is no better.
 */
export class HedgedCall {
  readonly #setup: Setup;
  readonly #delay: number | undefined;
  readonly #tell: { sent(): void; won(): void };
  readonly #running = new Set<RequestContext>();
  #timer: Timer | undefined;
  #kept: Ended | undefined;
  #isOver = false;

  /** @param delay after how many milliseconds the second one is sent; undefined: none is */
  constructor(setup: Setup, delay: number | undefined, tell: { sent(): void; won(): void }) {
    this.#setup = setup;
    this.#delay = delay;
    this.#tell = tell;
  }

  run(): Promise<Response> {
    return new Promise((resolve, reject) => {
      const { context, clock, plan } = this.#setup;
      const end = (ended: Ended) => {
        this.#isOver = true;
        this.#timer?.cancel();
        if ("response" in ended) resolve(ended.response);
        else reject(ended.error);
      };
      context.onCancel = reason => {
        this.#timer?.cancel();
        for (const own of this.#running) own.cancel(reason);
      };
      this.#send(end, false);
      if (this.#delay === undefined) return;
      this.#timer = clock.setTimer(() => {
        if (this.#isOver || context.cancelled || !plan.pay()) return;
        this.#tell.sent();
        this.#send(end, true);
      }, this.#delay);
    });
  }

  #send(end: (ended: Ended) => void, isSecond: boolean): void {
    const { request, context, inner, clock, plan } = this.#setup;
    const own = context.fork();
    const startedAt = clock.now();
    this.#running.add(own);
    const answer = inner.send(request, own);
    context.record ??= own.record;
    answer.then(
      response => {
        this.#running.delete(own);
        // It came too late: its loss was seen to when the other one won.
        if (this.#isOver) return response.body.cancel("another request was faster");
        const isGood = !isRetryableStatus(response.status);
        plan.answered(clock.now() - startedAt, isGood);
        if (!isGood) return this.#keep({ response }, own, end);
        if (isSecond) this.#tell.won();
        this.#settle({ response }, own, end);
      },
      error => {
        this.#running.delete(own);
        if (this.#isOver) return;
        if (!own.cancelled) plan.failed();
        this.#keep({ error }, own, end);
      },
    );
  }

  /** Taken when there is nothing better to wait for. */
  #keep(ended: Ended, own: RequestContext, end: (ended: Ended) => void): void {
    if (this.#running.size > 0) {
      this.#kept = ended;
      return;
    }
    // Of two that failed, an answer says more than an error.
    const kept = this.#kept;
    if (kept !== undefined && "response" in kept && "error" in ended) return this.#settle(kept, own, end);
    this.#settle(ended, own, end);
  }

  #settle(ended: Ended, own: RequestContext, end: (ended: Ended) => void): void {
    const { context } = this.#setup;
    const kept = this.#kept;
    if (kept !== undefined && kept !== ended && "response" in kept) kept.response.body.cancel();
    end(ended);
    for (const other of this.#running) other.cancel("another request was faster");
    context.record = own.record;
    if ("error" in ended) {
      context.onCancel = undefined;
      return;
    }
    // Its body may still come: who cancels the call means that.
    const cancel = (reason: unknown) => own.cancel(reason);
    context.onCancel = cancel;
    ended.response.body.whenSettled(() => {
      if (context.onCancel === cancel) context.onCancel = undefined;
    });
  }
}
