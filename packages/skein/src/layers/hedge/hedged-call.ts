import type { Clock, Timer } from "../../core/clock.ts";
import type { ErrorCode } from "../../core/error-codes.ts";
import { isSkeinError } from "../../core/errors.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Service } from "../../core/service.ts";
import type { HedgePlan } from "../../policy/hedge.ts";
import { isRetryableStatus } from "../../policy/retry.ts";

/** What the layers inside say to a second request that would have to wait. */
const HELD_BACK: ReadonlySet<ErrorCode> = new Set(["CIRCUIT_OPEN", "LOCAL_RATE_LIMITED", "OVERLOADED"]);

interface Setup {
  readonly request: Request;
  readonly context: RequestContext;
  readonly inner: Service;
  readonly clock: Clock;
  readonly plan: HedgePlan;
}

interface HedgeListener {
  sent(): void;
  /** The second one was not sent after all. */
  heldBack(): void;
  won(): void;
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
  readonly #tell: HedgeListener;
  readonly #running = new Set<RequestContext>();
  #timer: Timer | undefined;
  #kept: { readonly ended: Ended; readonly own: RequestContext } | undefined;
  #isOver = false;

  /** @param delay after how many milliseconds the second one is sent; undefined: none is */
  constructor(setup: Setup, delay: number | undefined, tell: HedgeListener) {
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
    own.isSpare = isSecond;
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
        if (isSecond && isSkeinError(error) && HELD_BACK.has(error.code)) return this.#goOnAlone(end);
        if (!own.cancelled) plan.failed();
        this.#keep({ error }, own, end);
      },
    );
  }

  /** A limit of ours had no room for a second one: the first is waited for, as if there were no hedge. */
  #goOnAlone(end: (ended: Ended) => void): void {
    this.#setup.plan.refund();
    this.#tell.heldBack();
    if (this.#kept !== undefined) this.#settle(this.#kept.ended, this.#kept.own, end);
  }

  /** Taken when there is nothing better to wait for. */
  #keep(ended: Ended, own: RequestContext, end: (ended: Ended) => void): void {
    if (this.#running.size > 0) {
      this.#kept = { ended, own };
      return;
    }
    // Of two that failed, an answer says more than an error.
    const kept = this.#kept;
    if (kept !== undefined && "response" in kept.ended && "error" in ended)
      return this.#settle(kept.ended, kept.own, end);
    this.#settle(ended, own, end);
  }

  #settle(ended: Ended, own: RequestContext, end: (ended: Ended) => void): void {
    const { context } = this.#setup;
    const kept = this.#kept?.ended;
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
