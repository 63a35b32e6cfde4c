import { AbortError } from "../core/errors.ts";
import type { Headers } from "../core/headers.ts";
import type { Socket, SocketEvents, SocketFailure } from "../core/ports.ts";
import type { OpeningTimes } from "../core/timings.ts";
import type { Origin } from "../core/url.ts";
import { errorCodeName, type Http2Violation } from "../protocol/http2/error-codes.ts";
import { SendWindow } from "../protocol/http2/flow-window.ts";
import type {
  Connection,
  ConnectionSetup,
  ConnectionState,
  MultiplexedConnection,
  MultiplexOwner,
  Unanswered,
} from "./connection.ts";
import { socketError } from "./error-map.ts";
import type { Exchange } from "./exchange.ts";
import { connectionEnded, http2Violation, onlyHttp1, refusedStream } from "./http2-errors.ts";
import { FloodGuard } from "./http2-guards.ts";
import { Http2Inbound, type InboundHost } from "./http2-inbound.ts";
import { Http2Liveness } from "./http2-liveness.ts";
import { Http2Output } from "./http2-output.ts";
import { Http2Sender } from "./http2-sender.ts";
import { PeerSettings } from "./http2-settings.ts";
import { Http2Stream } from "./http2-stream.ts";
import { STREAM_WINDOW } from "./http2-stream-windows.ts";
import { Http2Streams } from "./http2-streams.ts";

const NO_ERROR = 0x0;

/** A connection that was idle for so long keeps no buffer for what it may send next. */
const REST_MS = 1_000;

/** An HTTP/1.1 connection that turned out to speak HTTP/2. */
export interface Negotiated {
  readonly id: number;
  readonly origin: Origin;
  readonly openedAt: number;
  readonly opening: OpeningTimes;
  readonly socket: Socket;
}

/**
 * One HTTP/2 connection (RFC 9113): many exchanges at once, each a stream of its own. All frames that one turn of the loop
 * brings about go out in one write.
 *
 * Cancelling resets the stream, and leaves the connection to the others. What breaks the protocol ends the stream, or where
 * the rules say so the connection, with the error that they name.
 */
export class Http2Connection implements MultiplexedConnection, SocketEvents, InboundHost {
  readonly id: number;
  readonly origin: Origin;
  readonly openedAt: number;
  readonly opening: OpeningTimes;
  readonly serverKeepAliveMs = undefined;
  previous: Connection | undefined;
  next: Connection | undefined;
  idleSince: number;
  requests = 0;
  readonly #owner: MultiplexOwner;
  readonly #setup: ConnectionSetup;
  readonly #socket: Socket;
  readonly #out: Http2Output;
  readonly #inbound: Http2Inbound;
  readonly #streams = new Http2Streams();
  readonly #floods = new FloodGuard();
  readonly #peerSettings = new PeerSettings();
  readonly #sender: Http2Sender;
  readonly #liveness: Http2Liveness;
  #closed = false;
  /** Takes no more streams; closes when the last one has ended. */
  retired = false;
  /** Why the server is leaving, where it has said so. */
  #farewell: string | undefined;

  constructor(
    { id, origin, openedAt, opening, socket }: Negotiated,
    owner: MultiplexOwner,
    setup: ConnectionSetup,
  ) {
    this.id = id;
    this.origin = origin;
    this.openedAt = openedAt;
    this.opening = opening;
    this.idleSince = setup.time.now;
    this.#socket = socket;
    this.#out = new Http2Output(socket);
    this.#owner = owner;
    this.#setup = setup;
    this.#liveness = new Http2Liveness(setup.time.now);
    this.#sender = new Http2Sender({
      peerSettings: this.#peerSettings,
      proxy: socket.proxy,
      out: this.#out,
      window: new SendWindow(),
      onProgress: stream => {
        stream.activeAt = setup.time.now;
      },
      onSent: stream => this.#noteSent(stream, true),
    });
    const parts = {
      streams: this.#streams,
      out: this.#out,
      sender: this.#sender,
      peerSettings: this.#peerSettings,
    };
    this.#inbound = new Http2Inbound(this, setup, parts);
    this.#out.writer.preface({ ENABLE_PUSH: 0, INITIAL_WINDOW_SIZE: STREAM_WINDOW });
    this.#out.writer.windowUpdate(0, this.#inbound.openWindow());
    this.#out.flushSoon();
  }

  get state(): ConnectionState {
    if (this.#closed) return "closed";
    return this.#streams.size === 0 ? "idle" : "busy";
  }

  get inFlight(): number {
    return this.#streams.size;
  }

  get free(): number {
    if (this.#closed || this.retired) return 0;
    return Math.max(0, this.#peerSettings.maxConcurrentStreams - this.#streams.size);
  }

  get peer(): string | undefined {
    return this.#socket.peer;
  }

  dispatch(exchange: Exchange): void {
    this.requests += 1;
    const stream = new Http2Stream(this, exchange, {
      id: this.#streams.nextId,
      sendWindow: this.#peerSettings.initialWindowSize,
      receiveWindow: STREAM_WINDOW,
      now: this.#setup.time.now,
    });
    exchange.state = "sent";
    exchange.wire = "http2";
    exchange.hold(reason => this.cancelStream(stream, reason));
    exchange.noteDispatch(this, this.#socket.peer);
    let hasBody: boolean;
    try {
      if (exchange.context.raw) throw onlyHttp1();
      hasBody = this.#sender.writeHead(stream);
    } catch (error) {
      exchange.letGo();
      exchange.fail(error as Error);
      this.requests -= 1;
      // Not from within dispatch(): the pool is in the middle of giving out connections.
      queueMicrotask(() => this.#owner.connectionFree(this));
      return;
    }
    this.#streams.add(stream);
    if (this.#streams.isUsedUp) this.retired = true;
    if (!hasBody) this.#noteSent(stream, false);
    else {
      stream.sent = "partial";
      exchange.noteBodyBegins(this.#setup.clock.now(), exchange.request.body?.length);
      this.#sender.sendBody(stream, error => this.end(stream, error, "CANCEL"));
    }
    this.#out.flushSoon();
  }

  checkTimeouts(now: number): void {
    this.#floods.reset(now, this.#inbound.reader.counts);
    this.#checkLiveness();
    if (this.#streams.size === 0 && this.#setup.time.since(this.idleSince) > REST_MS) this.#out.trim();
    for (const stream of this.#streams) {
      const error = stream.lateness(now, this.#setup);
      if (error === undefined) continue;
      // Nothing came for anybody since it last heard of the server, or half a frame: the next one would not fare better here.
      if (this.#liveness.heardAt <= stream.activeAt || this.#inbound.reader.isInside) this.retired = true;
      this.end(stream, error, "CANCEL");
    }
  }

  destroy(error: Error): void {
    this.#close(() => error);
  }

  cancel(reason: unknown): void {
    this.#close(stream => new AbortError(reason, stream.progress()));
  }

  retire(): void {
    if (this.#closed) return;
    this.retired = true;
    if (this.#streams.size === 0) this.#leave();
  }

  describe(): string {
    const requests = `${this.requests} request${this.requests === 1 ? "" : "s"}`;
    return `${this.origin.key} HTTP/2 ${this.state}, ${this.#streams.size} in flight, ${requests}`;
  }

  // ── for the streams ──

  giveBack(stream: Http2Stream, bytes: number): void {
    stream.activeAt = this.#setup.time.now;
    const increment = this.#streams.consume(stream, bytes);
    if (increment === 0 || this.#closed) return;
    this.#out.writer.windowUpdate(stream.id, increment);
    this.#out.flushSoon();
  }

  cancelStream(stream: Http2Stream, reason: unknown): void {
    this.end(stream, new AbortError(reason, stream.progress()), "CANCEL");
  }

  // ── from the socket ──

  onConnect(): void {
    // It was connected before it was known to speak HTTP/2.
  }

  onBytes(buffer: Uint8Array, length: number): void {
    if (this.#closed) return;
    this.#liveness.heardAt = this.#setup.time.now;
    this.#inbound.reader.receive(buffer, 0, length);
    if (this.#closed) return;
    const flood = this.#floods.check(this.#inbound.reader.counts);
    const reason = flood ?? (this.#out.isOverfull ? "it asks for answers that it does not read" : undefined);
    if (reason !== undefined) this.violate({ code: "ENHANCE_YOUR_CALM", reason });
  }

  onDrain(): void {
    if (this.#closed) return;
    this.#out.isBlocked = false;
    this.#sender.feed();
    this.#out.flush();
  }

  onEof(): void {
    this.#lost(undefined);
  }

  onClose(failure: SocketFailure | undefined): void {
    this.#lost(failure);
  }

  // ── for what comes in ──

  reset(streamId: number, code: Http2Violation["code"]): void {
    this.#out.writer.reset(streamId, code);
    this.#streams.closed.byUs(streamId);
    this.#out.flushSoon();
  }

  freed(): void {
    this.#owner.connectionFree(this);
  }

  acknowledged(): void {
    this.#liveness.isAcknowledged = true;
  }

  leaves(lastStreamId: number, errorCode: number): void {
    this.retired = true;
    if (errorCode !== NO_ERROR)
      this.#farewell = `the server ended the connection (${errorCodeName(errorCode)})`;
    for (const stream of this.#streams) {
      if (stream.id <= lastStreamId) continue;
      const error = refusedStream("the server left before it looked at the request", stream.progress());
      this.replayOr(stream, error, "unprocessed");
    }
    if (this.#streams.size === 0) this.#leave();
    else this.#owner.connectionFree(this);
  }

  answered(stream: Http2Stream, trailers: Headers): void {
    if (!this.#streams.has(stream)) return;
    const { exchange, body } = stream;
    exchange.noteEnd(this.#setup.clock.now(), true);
    // RFC 9113 §8.1: an answer that came before the whole request was sent; the rest is of no use.
    if (stream.sent !== "full") this.reset(stream.id, "NO_ERROR");
    this.#remove(stream);
    body?.finish(trailers);
    this.#owner.connectionFree(this);
  }

  #noteSent(stream: Http2Stream, hadBody: boolean): void {
    stream.exchange.noteSent(hadBody ? this.#setup.clock.now() : undefined, hadBody);
    stream.sent = "full";
    stream.sentAt = this.#setup.time.now;
  }

  /** What came is no answer (RFC 9113 §8.1.1). */
  malformed(stream: Http2Stream, reason: string, code: Http2Violation["code"] = "PROTOCOL_ERROR"): void {
    this.end(stream, http2Violation({ code, reason }, stream.progress()), code);
  }

  /** One stream fails; the others go on. */
  end(stream: Http2Stream, error: Error, reset: Http2Violation["code"] | undefined): void {
    if (!this.#streams.has(stream)) return;
    if (reset !== undefined) this.reset(stream.id, reset);
    stream.exchange.noteFailure(this.#setup.clock.now(), { sent: stream.sent, error });
    this.#remove(stream);
    if (stream.body === undefined) stream.exchange.fail(error);
    else stream.body.fail(error);
    this.#owner.connectionFree(this);
  }

  /** Gives the exchange back to the pool, to be sent once more, where that is allowed. */
  replayOr(stream: Http2Stream, error: Error, why: Unanswered): void {
    if (stream.body !== undefined) return this.end(stream, error, undefined);
    this.#streams.closed.byThem(stream.id);
    stream.exchange.noteFailure(this.#setup.clock.now(), { sent: stream.sent, error });
    this.#remove(stream);
    if (!this.#owner.takeBack(this, stream.exchange, why)) stream.exchange.fail(error);
    this.#owner.connectionFree(this);
  }

  #remove(stream: Http2Stream): void {
    stream.exchange.letGo();
    stream.upload?.abandon();
    this.#sender.forget(stream);
    this.#streams.remove(stream);
    if (this.#streams.size > 0) return;
    this.idleSince = this.#setup.time.now;
    if (this.retired) this.#leave();
  }

  /** RFC 9113 §5.4.1: GOAWAY, then close; what is under way fails. */
  violate(violation: Pick<Http2Violation, "code" | "reason">): void {
    if (this.#closed) return;
    this.#inbound.reader.stop();
    this.#closed = true;
    for (const stream of this.#streams)
      this.end(stream, http2Violation(violation, stream.progress()), undefined);
    this.#farewellWith(violation.code);
  }

  /** The socket is gone. */
  #lost(failure: SocketFailure | undefined): void {
    if (this.#closed) return;
    const errorOf = (stream: Http2Stream) => {
      const progress = stream.progress();
      if (failure !== undefined && this.#farewell === undefined) return socketError(failure, progress);
      return connectionEnded(this.#farewell ?? "the server closed the connection", progress);
    };
    this.#abandon(errorOf);
    this.#finish();
  }

  /** Nothing more comes over it: what has no answer yet may be sent again, as after any dead connection. */
  #abandon(errorOf: (stream: Http2Stream) => Error): void {
    this.#closed = true;
    for (const stream of this.#streams) this.replayOr(stream, errorOf(stream), "dead");
  }

  #checkLiveness(): void {
    const { time, pingInterval } = this.#setup;
    const verdict = this.#liveness.look(time, pingInterval, () => this.#waitsForServer());
    if (verdict === undefined) return;
    if (verdict === "ping") {
      this.#out.writer.ping(0, 0);
      return this.#out.flushSoon();
    }
    const { code, reason } = verdict;
    this.#inbound.reader.stop();
    this.#abandon(stream => connectionEnded(reason, stream.progress()));
    this.#farewellWith(code);
  }

  /** Behind a body that is still on its way, a PING would wait as long as that does. */
  #waitsForServer(): boolean {
    if (this.#streams.size === 0 || this.#out.isBlocked) return false;
    for (const stream of this.#streams) if (stream.sent !== "full") return false;
    return true;
  }

  #close(errorOf: (stream: Http2Stream) => Error): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stream of this.#streams) this.end(stream, errorOf(stream), undefined);
    this.#finish();
  }

  #finish(): void {
    this.#out.destroy();
    this.#owner.connectionClosed(this, undefined);
  }

  /** The last stream has ended, and no other follows. */
  #leave(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#farewellWith("NO_ERROR");
  }

  #farewellWith(code: Http2Violation["code"]): void {
    this.#out.writer.goaway(0, code);
    this.#out.end(this.#setup.clock);
    this.#owner.connectionClosed(this, undefined);
  }
}
