import type { RequestBody } from "../core/body.ts";
import { AbortError, type Phase, type RequestSent } from "../core/errors.ts";
import { Headers } from "../core/headers.ts";
import type { OpeningStep, Socket, SocketEvents, SocketFailure } from "../core/ports.ts";
import { Response } from "../core/response.ts";
import type { Origin } from "../core/url.ts";
import { ResponseReader, type ResponseSink, type Violation } from "../protocol/http1/response-reader.ts";
import { BodySender } from "./body-sender.ts";
import type {
  Connection,
  ConnectionOwner,
  ConnectionSetup,
  ConnectionState,
  OpenedFor,
} from "./connection.ts";
import {
  connectError,
  connectTimeout,
  type Progress,
  proxyAuthRequired,
  socketError,
  totalTimeout,
  violationError,
} from "./error-map.ts";
import type { Exchange } from "./exchange.ts";
import { type BodySource, Http1Body, RawBody } from "./http1-body.ts";
import { noHttp2, speaksHttp2 } from "./http2-errors.ts";
import { Opening } from "./opening.ts";
import { bodyFailed, openBody } from "./outgoing-body.ts";
import { headOf } from "./outgoing-head.ts";
import { overdue, type WaitsFor } from "./overdue.ts";
import { RawSender } from "./raw-sender.ts";

let connections = 0;

/**
 * One HTTP/1.1 connection: moves bytes between a socket and the codec, one exchange at a time, no pipelining.
 *
 * Cancelling closes the socket: HTTP/1.1 has no other way to stop an answer. So does any doubt about where a message
 * ends: a byte while idle, a byte after an answer, an answer that came before the whole request was sent.
 */
export class Http1Connection implements Connection, ResponseSink, SocketEvents, BodySource {
  readonly origin: Origin;
  readonly id: number = ++connections;
  readonly openedAt: number;
  readonly opening: Opening;
  state: ConnectionState = "connecting";
  previous: Connection | undefined;
  next: Connection | undefined;
  idleSince = 0;
  requests = 0;
  serverKeepAliveMs: number | undefined;
  readonly #owner: ConnectionOwner;
  readonly #setup: ConnectionSetup;
  readonly #connectTimeout: number;
  readonly #reader: ResponseReader;
  readonly #socket: Socket;
  #exchange: Exchange | undefined;
  #body: Http1Body | undefined;
  #sent: RequestSent = "none";
  #sentAt = 0;
  /** When the last byte came, or went where the request is still being sent; on the coarse time. */
  #activeAt = 0;
  /** `time.blocked` when it began to connect. */
  readonly #blockedBefore: number;
  #needsDrain = false;
  #paused = false;
  #sender: BodySender | RawSender | undefined;
  /** From when the server has left HTTP on. */
  #raw: RawSender | undefined;
  /** The exact time at which a head came in this very read: what ends in it as well needs no other look at the clock. */
  #headReadAt = 0;

  constructor(origin: Origin, owner: ConnectionOwner, setup: ConnectionSetup & OpenedFor) {
    this.origin = origin;
    this.#owner = owner;
    this.#setup = setup;
    this.#connectTimeout = setup.connectTimeout;
    this.openedAt = setup.time.now;
    this.opening = new Opening(origin, setup.clock.now(), setup.trace);
    this.#blockedBefore = setup.time.blocked;
    this.#reader = new ResponseReader(this, setup.text, setup.limits);
    this.#socket = setup.connector.connect(origin, this);
  }

  dispatch(exchange: Exchange): void {
    this.state = "busy";
    this.requests += 1;
    this.#exchange = exchange;
    this.#body = undefined;
    this.#sent = "none";
    this.#needsDrain = false;
    exchange.state = "sent";
    exchange.hold(reason => this.#abort(exchange, new AbortError(reason, this.#progress())));
    this.#activeAt = this.#setup.time.now;
    exchange.noteDispatch(this, this.#socket.peer);
    this.#send(exchange);
  }

  checkTimeouts(now: number): void {
    if (this.state === "connecting") return this.#checkConnecting(now);
    const { time, unreadBodyTimeout } = this.#setup;
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    const { timeouts, deadline } = exchange.context;
    // Who takes over a connection that has left HTTP has no call any more that could last too long.
    if (now > deadline && this.#raw === undefined)
      return this.#abort(exchange, totalTimeout(timeouts.total, this.#progress()));
    const silent = time.since(this.#activeAt);
    const waited = { silent, sinceSent: time.since(this.#sentAt), unreadBodyTimeout };
    const passed = overdue(this.#waitsFor(), waited, timeouts);
    if (passed !== undefined) this.#abort(exchange, passed(this.#progress()));
  }

  #checkConnecting(now: number): void {
    const blocked = this.#setup.time.blocked - this.#blockedBefore;
    if (now - this.openedAt - blocked > this.#connectTimeout)
      this.destroy(connectTimeout(this.#connectTimeout));
  }

  #waitsFor(): WaitsFor {
    if (this.#needsDrain) return "network";
    if (this.#sent !== "full") return "caller";
    if (this.#body === undefined) return "head";
    // A reader that has begun may take its time: only one that never comes loses the connection.
    if (this.#paused) return this.#body.isUnread ? "reader" : "caller";
    // Silence is nothing unusual there, until our side has ended and the peer's is waited for.
    return this.#raw === undefined || this.#raw.hasEnded ? "body" : "caller";
  }

  destroy(error: Error): void {
    if (this.state === "closed") return;
    const exchange = this.#exchange;
    if (exchange !== undefined) this.#abort(exchange, error);
    else this.#close(error);
  }

  cancel(reason: unknown): void {
    this.destroy(new AbortError(reason, this.#progress()));
  }

  describe(): string {
    return `${this.origin.key} ${this.state}, ${this.requests} request${this.requests === 1 ? "" : "s"}`;
  }

  // ── from the socket ──

  onStep(step: OpeningStep): void {
    this.opening.begin(step, this.#setup.clock.now());
  }

  onConnect(): void {
    if (this.state !== "connecting") return;
    this.opening.ready(this.#setup.clock.now(), this.#socket.peer);
    if (speaksHttp2(this.#socket, this.origin, this.#setup.onlyHttp2)) {
      this.state = "closed";
      return this.#owner.connectionSpeaksHttp2(this, this.#socket);
    }
    if (this.#setup.onlyHttp2) return this.#close(noHttp2(this.origin));
    this.#becomeIdle();
  }

  onBytes(buffer: Uint8Array, length: number): void {
    if (this.state === "closed") return;
    this.#activeAt = this.#setup.time.now;
    this.#headReadAt = 0;
    this.#reader.receive(buffer, 0, length);
  }

  onDrain(): void {
    this.#needsDrain = false;
    this.#activeAt = this.#setup.time.now;
    this.#sender?.drained();
  }

  onEof(): void {
    if (this.state === "closed") return;
    if (this.#raw !== undefined) {
      this.#raw.peerEnded();
      this.#activeAt = this.#setup.time.now;
      return this.#body?.finish(Headers.empty);
    }
    this.#reader.end();
    this.#close(undefined);
  }

  onClose(failure: SocketFailure | undefined): void {
    if (this.state === "closed") return;
    if (this.state === "connecting") {
      const cause = failure ?? {
        kind: "other",
        reason: `the connection to ${this.origin.host} was closed`,
        cause: undefined,
      };
      return this.#close(connectError(cause));
    }
    const exchange = this.#exchange;
    if (exchange === undefined) return this.#close(undefined);
    if (failure === undefined) return this.#raw === undefined ? this.onEof() : this.#endRaw(exchange);
    this.#failOrReplay(exchange, socketError(failure, this.#progress()));
  }

  // ── from the codec ──

  onInterim(): void {
    // 100, 102 and 103 change nothing: the answer is still to come, within the same timeouts.
  }

  onSwitch(status: number, reason: string, fieldLines: string): boolean {
    if (!this.#exchange!.context.raw || this.#sent !== "full") return false;
    this.#raw = new RawSender(this.#socket, drained => this.#noteWritten(drained));
    this.#sender = this.#raw;
    this.onHead(status, reason, fieldLines);
    return true;
  }

  onHead(status: number, reason: string, fieldLines: string): void {
    const exchange = this.#exchange!;
    const { proxy } = this.#socket;
    if (status === 407 && proxy?.forwards)
      return this.#abort(exchange, proxyAuthRequired(proxy.name, this.#progress()));
    const body = this.#raw === undefined ? new Http1Body(this) : new RawBody(this, this.#raw);
    this.#body = body;
    const head = {
      status,
      reasonPhrase: reason,
      httpVersion: this.#reader.minorVersion === 1 ? "1.1" : "1.0",
      headers: Headers.fromFieldLines(fieldLines),
    };
    const response = new Response(head, exchange.request, body);
    response.reused = this.requests > 1;
    this.#headReadAt = this.#setup.clock.now();
    exchange.noteHead(this.#headReadAt, head);
    response.record = exchange.record;
    exchange.answer(response);
  }

  onBody(bytes: Uint8Array, start: number, end: number): void {
    // A reader that gave up in the middle of this very read is gone already.
    if (this.#body === undefined) return;
    this.#exchange!.record.receivedBytes += end - start;
    this.#body.push(bytes, start, end);
  }

  onEnd(trailerLines: string): void {
    const exchange = this.#exchange;
    const body = this.#body;
    if (exchange === undefined || body === undefined) return;
    const reusable = this.#reader.reusable && this.#sent === "full" && this.state === "busy";
    exchange.noteEnd(this.#headReadAt || this.#setup.clock.now(), reusable);
    this.#release(exchange);
    const { keepAliveSeconds } = this.#reader;
    if (keepAliveSeconds !== undefined) this.serverKeepAliveMs = keepAliveSeconds * 1_000;
    body.finish(trailerLines === "" ? Headers.empty : Headers.fromFieldLines(trailerLines));
    if (reusable) this.#becomeIdle();
    else this.#close(undefined);
  }

  onError(violation: Violation): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return this.#close(undefined);
    const error = violationError(violation, this.#progress());
    if (violation.code === "closed") this.#failOrReplay(exchange, error);
    else this.#abort(exchange, error);
  }

  // ── for the body's reader ──

  get contentLength(): number | undefined {
    return this.#reader.contentLength;
  }

  pauseBody(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resumeBody(): void {
    this.#paused = false;
    this.#activeAt = this.#setup.time.now;
    if (this.state !== "closed") this.#socket.resume();
  }

  cancelBody(reason: unknown): void {
    const exchange = this.#exchange;
    if (exchange !== undefined) this.#abort(exchange, new AbortError(reason, this.#progress()));
  }

  // ── sending ──

  #send(exchange: Exchange): void {
    const { method, body } = exchange.request;
    let head: string;
    try {
      head = headOf(exchange.request, this.#socket.proxy);
    } catch (error) {
      return this.#refuseToSend(exchange, error as Error);
    }
    this.#reader.begin(method);
    if (body === undefined) return this.#sendWhole(this.#socket.write(head));
    this.#sendBody(exchange, head, body);
  }

  #sendBody(exchange: Exchange, head: string, body: RequestBody): void {
    this.#sent = "partial";
    exchange.noteBodyBegins(this.#setup.clock.now(), body.length);
    const sender = new BodySender(this.#socket);
    let source: Uint8Array | AsyncIterable<Uint8Array>;
    try {
      source = openBody(body, sender);
    } catch (cause) {
      return this.#abort(exchange, bodyFailed(cause, this.#progress()));
    }
    if (source instanceof Uint8Array) {
      if (source.length === 0) return this.#sendWhole(this.#socket.write(head));
      return this.#sendWhole(this.#socket.writeBoth(head, source));
    }
    this.#needsDrain = !this.#socket.write(head);
    this.#sender = sender;
    sender
      .send(source, body.length === undefined, drained => this.#noteWritten(drained))
      .then(
        drained => drained !== undefined && this.#exchange === exchange && this.#sendWhole(drained),
        cause => this.#abort(exchange, bodyFailed(cause, this.#progress())),
      );
  }

  #noteWritten(drained: boolean): void {
    this.#needsDrain = !drained;
    this.#activeAt = this.#setup.time.now;
  }

  #sendWhole(drained: boolean): void {
    this.#needsDrain = !drained;
    const hadBody = this.#sent === "partial";
    // A head alone is handed over at once: that is not worth a look at the clock.
    this.#exchange!.noteSent(hadBody ? this.#setup.clock.now() : undefined, hadBody);
    this.#sent = "full";
    this.#sentAt = this.#setup.time.now;
  }

  // ── endings ──

  #becomeIdle(): void {
    this.state = "idle";
    this.idleSince = this.#setup.time.now;
    this.#owner.connectionIdle(this);
  }

  /** A request that is no HTTP costs the connection nothing: not a byte was written. */
  #refuseToSend(exchange: Exchange, error: Error): void {
    this.#release(exchange);
    exchange.fail(error);
    this.requests -= 1;
    // Not from within dispatch(): the pool is in the middle of giving out connections.
    queueMicrotask(() => this.state === "busy" && this.#becomeIdle());
  }

  #failOrReplay(exchange: Exchange, error: Error): void {
    if (this.#body !== undefined || this.#reader.started) return this.#abort(exchange, error);
    exchange.noteFailure(this.#setup.clock.now(), { sent: this.#sent, error });
    this.#release(exchange);
    const takenBack = this.#owner.takeBack(this, exchange, "dead");
    this.#close(error);
    if (!takenBack) exchange.fail(error);
  }

  /** Both sides of a connection that had left HTTP have ended. */
  #endRaw(exchange: Exchange): void {
    exchange.noteEnd(this.#setup.clock.now(), false);
    this.#body?.finish(Headers.empty);
    this.#release(exchange);
    this.#close(undefined);
  }

  #abort(exchange: Exchange, error: Error): void {
    if (this.#exchange !== exchange) return;
    const body = this.#body;
    exchange.noteFailure(this.#setup.clock.now(), { sent: this.#sent, error });
    this.#release(exchange);
    this.#close(error);
    if (body === undefined) exchange.fail(error);
    else body.fail(error);
  }

  #release(exchange: Exchange): void {
    exchange.letGo();
    this.#exchange = undefined;
    this.#body = undefined;
    // What was not read yet is in memory: the socket has the next answer to bring.
    if (this.#paused) this.resumeBody();
    this.#sender?.abandon();
    this.#sender = undefined;
  }

  #close(error: Error | undefined): void {
    if (this.state === "closed") return;
    if (this.state === "connecting") this.opening.fail(this.#setup.clock.now(), error);
    this.state = "closed";
    this.#socket.destroy();
    this.#owner.connectionClosed(this, error);
  }

  #progress(): Progress {
    const phase: Phase = this.#body !== undefined ? "body" : this.#sent === "full" ? "headers" : "send";
    return { phase, requestSent: this.#sent, peer: this.#socket.peer };
  }
}
