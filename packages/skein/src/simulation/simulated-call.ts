import { connectTimeout, headersTimeout, readTimeout, totalTimeout } from "../connection/error-map.ts";
import type { Clock, Timer } from "../core/clock.ts";
import { formatDuration } from "../core/duration.ts";
import { AbortError, PoolTimeout, type SkeinError } from "../core/errors.ts";
import type { Request } from "../core/request.ts";
import type { RequestContext } from "../core/request-context.ts";
import type { Response } from "../core/response.ts";

interface Caller {
  resolve(response: Response): void;
  reject(error: Error): void;
}

const WAITING = { phase: "headers", requestSent: "full", peer: undefined } as const;
const IN_LINE = { phase: "queue", requestSent: "none", peer: undefined } as const;
const CONNECTING = { phase: "connect", requestSent: "none", peer: undefined } as const;

/** Where a call is: waiting for a connection, waiting for a slot, worked on, in a slot for good, on the way there or back, or over for its caller. */
export type Place = "line" | "queue" | "slot" | "hanging" | "way" | "gone";

/**
 * A request in a simulated server, from its arrival to its answer. It keeps the timeouts of its call by one timer, and has
 * none where its end is known to come before.
 */
export class SimulatedCall {
  readonly request: Request;
  readonly origin: string;
  /** When it was sent. */
  arrivedAt: number;
  place: Place = "line";
  /** The server's: the caller has given up on it where it was. */
  onAbandoned: ((place: Place) => void) | undefined;
  /** The transport's: it is over, however it ended. */
  onOver: ((place: Place) => void) | undefined;
  readonly #context: RequestContext;
  readonly #caller: Caller;
  readonly #clock: Clock;
  #timer: Timer | undefined;

  constructor(
    request: Request,
    { context, clock }: { context: RequestContext; clock: Clock },
    caller: Caller,
  ) {
    this.request = request;
    this.origin = request.url.origin.key;
    this.arrivedAt = clock.now();
    this.#context = context;
    this.#clock = clock;
    this.#caller = caller;
    context.onCancel = reason => this.abandon(new AbortError(reason, WAITING));
  }

  /** There is no connection for it yet. */
  waitInLine(): void {
    const { pool, total } = this.#context.timeouts;
    const left = this.#context.deadline - this.arrivedAt;
    if (Math.min(pool, left) === Number.POSITIVE_INFINITY) return;
    const error = () => (pool <= left ? poolTimeout(pool) : totalTimeout(total, IN_LINE));
    this.#timer = this.#clock.setTimer(() => this.abandon(error()), Math.min(pool, left));
  }

  /** It is on its way to the server. */
  send(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.place = "way";
    this.arrivedAt = this.#clock.now();
  }

  /** Nobody knows when it ends: the timeouts are kept. */
  watch(): void {
    if (this.#timer !== undefined || this.#patience() === Number.POSITIVE_INFINITY) return;
    const left = this.arrivedAt + this.#patience() - this.#clock.now();
    this.#timer = this.#clock.setTimer(() => this.#overdue(), left);
  }

  /** It will end at that time, if nobody gives up before. */
  endsAt(time: number): void {
    if (time > this.arrivedAt + this.#patience()) return this.watch();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** There is no connection: the timeout for that is kept. */
  watchConnect(): void {
    const { connect, total } = this.#context.timeouts;
    const left = this.#context.deadline - this.arrivedAt;
    if (left === Number.POSITIVE_INFINITY && connect === left) return;
    const error = () => (connect <= left ? connectTimeout(connect) : totalTimeout(total, CONNECTING));
    this.#timer = this.#clock.setTimer(() => this.abandon(error()), Math.min(connect, left));
  }

  answer(response: Response): void {
    if (this.#leave()) this.#caller.resolve(response);
  }

  fail(error: SkeinError): void {
    if (this.#leave()) this.#caller.reject(error);
  }

  /** The caller wants no more of it. */
  abandon(error: Error): void {
    const { place } = this;
    if (!this.#leave()) return;
    this.onAbandoned?.(place);
    this.#caller.reject(error);
  }

  #leave(): boolean {
    const { place } = this;
    if (place === "gone") return false;
    this.place = "gone";
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#context.onCancel = undefined;
    this.onOver?.(place);
    return true;
  }

  /** How long after its arrival the caller waits for an answer. */
  #patience(): number {
    const { headers, read } = this.#context.timeouts;
    return Math.min(headers, read, this.#context.deadline - this.arrivedAt);
  }

  #overdue(): void {
    const { headers, read, total } = this.#context.timeouts;
    const patience = this.#patience();
    if (patience === read) this.abandon(readTimeout(read, WAITING));
    else if (patience === headers) this.abandon(headersTimeout(headers, WAITING));
    else this.abandon(totalTimeout(total, WAITING));
  }
}

function poolTimeout(ms: number): PoolTimeout {
  return new PoolTimeout("POOL_TIMEOUT", `no connection was free within ${formatDuration(ms)}`, IN_LINE);
}
