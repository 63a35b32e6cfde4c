import type { RequestSent } from "../core/errors.ts";
import type { Request } from "../core/request.ts";
import type { RequestContext } from "../core/request-context.ts";
import type { Response, ResponseHead } from "../core/response.ts";
import { ExchangeRecord } from "../core/timings.ts";
import type { WireName } from "../core/trace.ts";
import type { Connection } from "./connection.ts";
import { failedStep, headInfo, requestInfo } from "./exchange-trace.ts";

/**
 * A request on its way through the pool and one connection: the promise of its answer, and what was done so far.
 * It is settled once, whatever comes after.
 */
export class Exchange {
  readonly request: Request;
  readonly context: RequestContext;
  /** When it came into the pool's line, on the coarse time. */
  enqueuedAt: number;
  /** What is measured of it, on the exact time. */
  readonly record: ExchangeRecord;
  /** `waiting` for a connection, `sent` on one, or `settled`: answered or failed. */
  state: "waiting" | "sent" | "settled" = "waiting";
  /** What it is sent with. */
  wire: WireName = "http11";
  /** Whether it was sent again because a kept-alive socket turned out dead; that happens once. */
  replays = 0;
  /** Whether a connection is being opened on its behalf. */
  opening = false;
  #cancel: ((reason: unknown) => void) | undefined;
  readonly #resolve: (response: Response) => void;
  readonly #reject: (error: unknown) => void;

  constructor(call: ExchangeCall, resolve: (response: Response) => void, reject: (error: unknown) => void) {
    this.request = call.request;
    this.context = call.context;
    this.enqueuedAt = call.enqueuedAt;
    this.record = new ExchangeRecord(call.startedAt);
    call.context.record = this.record;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  // ── what is measured, and told to who listens ──

  noteDispatch({ id, requests, opening }: Connection, peer: string | undefined): void {
    const { record } = this;
    record.peer = peer;
    record.connection = id;
    // Only who waited for it while it opened has spent that time.
    record.opening = requests === 1 && opening.readyAt > record.enqueuedAt ? opening : undefined;
    const { trace } = this.context;
    if (trace === undefined) return;
    if (requests > 1) trace("connection.reuse", record.dispatchedAt, { peer, requests: requests - 1 });
    trace(`${this.wire}.send_request_headers.started`, record.dispatchedAt, requestInfo(this.request, peer));
  }

  noteBodyBegins(now: number, bytes: number | undefined): void {
    this.context.trace?.(`${this.wire}.send_request_headers.complete`, now, {});
    this.context.trace?.(`${this.wire}.send_request_body.started`, now, { bytes });
  }

  /** `at` is left out for what was sent in the moment of its dispatch. */
  noteSent(at: number | undefined, hadBody: boolean): void {
    const now = at ?? this.record.dispatchedAt;
    this.record.sentAt = now;
    this.context.trace?.(`${this.wire}.send_request_${hadBody ? "body" : "headers"}.complete`, now, {});
    this.context.trace?.(`${this.wire}.receive_response_headers.started`, now, {});
  }

  noteHead(now: number, head: ResponseHead): void {
    this.record.headAt = now;
    if (this.context.trace === undefined) return;
    this.context.trace(`${this.wire}.receive_response_headers.complete`, now, headInfo(head));
    this.context.trace(`${this.wire}.receive_response_body.started`, now, {});
  }

  noteEnd(now: number, reusable: boolean): void {
    this.record.endedAt = now;
    const bytes = this.record.receivedBytes;
    this.context.trace?.(`${this.wire}.receive_response_body.complete`, now, { bytes, reusable });
  }

  noteFailure(now: number, { sent, error }: { sent: RequestSent; error: Error }): void {
    this.record.endedAt = now;
    const step = failedStep(this.wire, sent, this.record.headAt !== 0);
    this.context.trace?.(step, now, { error: error.message });
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
  /** The same moment, on the exact time. */
  readonly startedAt: number;
}
