import type { Clock, Timer } from "../../core/clock.ts";
import { formatDuration } from "../../core/duration.ts";
import { AbortError, RequestError, TotalTimeout } from "../../core/errors.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import { Response } from "../../core/response.ts";
import type { Service } from "../../core/service.ts";
import { StoredBody } from "../../core/stored-body.ts";

/** One who waits for the answer; undefined as answer: there is none to share, it has to ask by itself. */
interface Waiter {
  resolve(answer: Response | undefined): void;
  reject(error: unknown): void;
}

interface Setup {
  readonly inner: Service;
  readonly clock: Clock;
  readonly maxBytes: number;
  /** Nobody can join it any more. */
  ended(): void;
}

/** One request that several calls wait for. It is cancelled when none of them does any more. */
export class SharedCall {
  readonly #setup: Setup;
  readonly #waiters = new Set<Waiter>();
  #context: RequestContext | undefined;

  constructor(setup: Setup) {
    this.#setup = setup;
  }

  /** Sends the request of the first, who gets the answer itself. */
  async begin(request: Request, context: RequestContext): Promise<Response> {
    const own = context.fork();
    this.#context = own;
    const answer = this.#wait(context);
    const sent = this.#setup.inner.send(request, own);
    context.record = own.record;
    void sent.then(
      response => this.#answered(response),
      error => this.#failed(error),
    );
    try {
      return (await answer)!;
    } finally {
      context.record = own.record;
    }
  }

  /** A copy of the answer; undefined where it can't be shared. */
  async join(request: Request, context: RequestContext): Promise<Response | undefined> {
    context.record = this.#context?.record;
    const answer = await this.#wait(context);
    context.record = this.#context?.record;
    return answer && copyOf(answer, request);
  }

  #wait(context: RequestContext): Promise<Response | undefined> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        timer?.cancel();
        this.#waiters.delete(waiter);
        if (context.onCancel === cancel) context.onCancel = undefined;
      };
      const waiter: Waiter = {
        resolve: answer => {
          leave();
          resolve(answer);
        },
        reject: error => {
          leave();
          reject(error);
        },
      };
      const giveUp = (error: Error, reason: unknown) => {
        waiter.reject(error);
        this.#endIfUnwanted(reason);
      };
      const cancel = (reason: unknown) => giveUp(new AbortError(reason), reason);
      const timer = this.#timer(context, () => giveUp(tooLate(context), "its calls ran out of time"));
      context.onCancel = cancel;
      this.#waiters.add(waiter);
    });
  }

  /** The request ends with the time of the first; one that has less has to see to it. */
  #timer({ deadline }: RequestContext, run: () => void): Timer | undefined {
    const { clock } = this.#setup;
    if (deadline >= this.#context!.deadline) return undefined;
    return clock.setTimer(run, Math.max(0, deadline - clock.now()));
  }

  #endIfUnwanted(reason: unknown): void {
    if (this.#waiters.size > 0) return;
    this.#setup.ended();
    this.#context!.cancel(reason);
  }

  #answered(response: Response): void {
    this.#setup.ended();
    const isShared = response.hasContent && response.bytes().length <= this.#setup.maxBytes;
    const [first, ...others] = this.#waiters;
    first?.resolve(response);
    for (const waiter of others) waiter.resolve(isShared ? response : undefined);
  }

  /** An error of the request is everybody's; that the first had less time than the others is not. */
  #failed(error: unknown): void {
    this.#setup.ended();
    const [first, ...others] = this.#waiters;
    first?.reject(error);
    for (const waiter of others) {
      if (error instanceof TotalTimeout) waiter.resolve(undefined);
      else waiter.reject(likeError(error));
    }
  }
}

/** Each has bytes of its own: what one writes into them is no business of the others. */
function copyOf(answer: Response, request: Request): Response {
  const content = answer.bytes().slice();
  const copy = new Response(answer, request, new StoredBody(content));
  copy.setContent(content);
  copy.attempts = answer.attempts;
  copy.notRetried = answer.notRetried;
  copy.cacheStatus = answer.cacheStatus;
  copy.reused = answer.reused;
  copy.isDecoded = answer.isDecoded;
  return copy;
}

/** An error is completed for its call, so each needs one of its own. */
function likeError(error: unknown): unknown {
  if (!(error instanceof RequestError)) return error;
  const { code, reason, cause, phase, requestSent, peer, attempts, retryAfterMs } = error;
  const Kind = error.constructor as typeof RequestError;
  return Object.assign(new Kind(code, reason, { cause, phase, requestSent, peer }), {
    attempts,
    retryAfterMs,
  });
}

function tooLate(context: RequestContext): TotalTimeout {
  const reason = `not finished within ${formatDuration(context.timeouts.total)}; it waited for an identical call that was under way`;
  return new TotalTimeout("TOTAL_TIMEOUT", reason, { phase: "queue", requestSent: "none" });
}
