import type { Clock, Timer } from "../../core/clock.ts";
import { formatDuration } from "../../core/duration.ts";
import type { ErrorCode } from "../../core/error-codes.ts";
import {
  AbortError,
  HeadersTimeout,
  type Phase,
  ReadTimeout,
  type SkeinError,
  TotalTimeout,
} from "../../core/errors.ts";
import type { RequestContext } from "../../core/request-context.ts";

type TimeoutType = new (code: ErrorCode, reason: string, details: object) => SkeinError;

/** What a transport without sockets of its own can't know of: options that it can't honour. */
export const WITHOUT_SOCKETS: readonly string[] = [
  "timeout.connect",
  "timeout.write",
  "timeout.pool",
  "upgrade",
  "tunnel",
];

/** How long one step may take. */
interface Limit {
  readonly ms: number;
  readonly error: () => SkeinError;
}

/**
 * Ends a call whose transport has no sockets of ours: by cancellation, by its deadline, by silence. What is under way
 * hears of it through `signal`; what waits for it is woken at once, also where nobody listens to the signal.
 */
export class CallWatch {
  /** How far the call has come, for its errors. */
  phase: Phase = "headers";
  readonly #context: RequestContext;
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  readonly #cancel: (reason: unknown) => void;
  readonly #total: Timer | undefined;
  #failure: Error | undefined;
  #reject: ((error: Error) => void) | undefined;

  /** @throws AbortError when the call was cancelled before */
  constructor(context: RequestContext, clock: Clock) {
    context.throwIfCancelled();
    this.#context = context;
    this.#clock = clock;
    this.#cancel = reason => this.end(new AbortError(reason, { phase: this.phase }));
    context.onCancel = this.#cancel;
    if (context.deadline === Number.POSITIVE_INFINITY) return;
    const { total } = context.timeouts;
    const left = Math.max(0, context.deadline - clock.now());
    this.#total = clock.setTimer(
      () => this.end(this.#timeout(TotalTimeout, "TOTAL_TIMEOUT", `not finished within ${told(total)}`)),
      left,
    );
  }

  /** Aborts when the call ends before its work is done. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the call ended early, if it did. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Waits for the head of the response. `silence`: whether the read timeout counts before it, as nothing is uploaded. */
  forHead<T>(work: Promise<T>, silence: boolean): Promise<T> {
    const { headers, read } = this.#context.timeouts;
    if (silence && read < headers) return this.#wait(work, this.#readLimit(read));
    const reason = `no answer's head within ${told(headers)}`;
    return this.#wait(work, {
      ms: headers,
      error: () => this.#timeout(HeadersTimeout, "HEADERS_TIMEOUT", reason),
    });
  }

  /** Waits for the next part of the body. */
  forBody<T>(work: Promise<T>): Promise<T> {
    return this.#wait(work, this.#readLimit(this.#context.timeouts.read));
  }

  /** Ends what is under way with `error`. Nothing happens when the call has ended. */
  end(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.release();
    this.#controller.abort(error);
    this.#reject?.(error);
  }

  /** The work is done: nothing is left to stop. */
  release(): void {
    this.#total?.cancel();
    if (this.#context.onCancel === this.#cancel) this.#context.onCancel = undefined;
  }

  async #wait<T>(work: Promise<T>, limit: Limit): Promise<T> {
    const timer =
      limit.ms === Number.POSITIVE_INFINITY
        ? undefined
        : this.#clock.setTimer(() => this.end(limit.error()), limit.ms);
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#reject = reject;
        work.then(resolve, reject);
        if (this.#failure !== undefined) reject(this.#failure);
      });
    } catch (error) {
      // The work may report the end in words of its own (an abort of its signal) before it is told here.
      throw this.#failure ?? error;
    } finally {
      timer?.cancel();
      this.#reject = undefined;
    }
  }

  #readLimit(ms: number): Limit {
    const reason = `no byte from the server for ${told(ms)}`;
    return { ms, error: () => this.#timeout(ReadTimeout, "READ_TIMEOUT", reason) };
  }

  #timeout(type: TimeoutType, code: ErrorCode, reason: string): SkeinError {
    return new type(code, reason, { phase: this.phase, requestSent: "full" });
  }
}

/** Other clients count timeouts in seconds: one who writes `timeout: 10` may mean those. */
function told(ms: number): string {
  const hint = ms < 100 ? ` (${ms} is milliseconds; did you mean "${ms}s"?)` : "";
  return `${formatDuration(ms)}${hint}`;
}
