import type { Request } from "../core/request.ts";
import type { RequestContext } from "../core/request-context.ts";
import type { Response } from "../core/response.ts";

/**
 * A request on its way through the pool and one connection: the promise of its answer, and what was done so far.
 * It is settled once, whatever comes after.
 */
export class Exchange {
  readonly request: Request;
  readonly context: RequestContext;
  /** When it came into the pool's line, on the coarse time. */
  enqueuedAt: number;
  /** `waiting` for a connection, `sent` on one, or `settled`: answered or failed. */
  state: "waiting" | "sent" | "settled" = "waiting";
  /** Whether it was sent again because a kept-alive socket turned out dead; that happens once. */
  replayed = false;
  /** Whether a connection is being opened on its behalf. */
  opening = false;
  #cancel: ((reason: unknown) => void) | undefined;
  readonly #resolve: (response: Response) => void;
  readonly #reject: (error: unknown) => void;

  constructor(call: ExchangeCall, resolve: (response: Response) => void, reject: (error: unknown) => void) {
    this.request = call.request;
    this.context = call.context;
    this.enqueuedAt = call.enqueuedAt;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  answer(response: Response): void {
    this.state = "settled";
    this.#resolve(response);
  }

  fail(error: Error): void {
    if (this.state === "settled") return;
    this.state = "settled";
    this.letGo();
    this.#reject(error);
  }

  /** Whoever has the exchange now says how it is stopped. */
  hold(cancel: (reason: unknown) => void): void {
    this.#cancel = cancel;
    this.context.onCancel = cancel;
  }

  /** Nothing of it can be stopped any more. Another holder of the call, a layer's, is left alone. */
  letGo(): void {
    if (this.context.onCancel === this.#cancel) this.context.onCancel = undefined;
    this.#cancel = undefined;
  }
}

export interface ExchangeCall {
  readonly request: Request;
  readonly context: RequestContext;
  readonly enqueuedAt: number;
}
