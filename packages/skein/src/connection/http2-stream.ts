import type { Phase, RequestSent } from "../core/errors.ts";
import { ReceiveWindow, SendWindow } from "../protocol/http2/flow-window.ts";
import type { ResponsePhase, StreamState } from "../protocol/http2/stream-state.ts";
import type { ConnectionSetup } from "./connection.ts";
import { type Progress, totalTimeout } from "./error-map.ts";
import type { Exchange } from "./exchange.ts";
import { type BodySource, Http1Body } from "./http1-body.ts";
import type { Http2Upload } from "./http2-upload.ts";
import { overdue, type WaitsFor } from "./overdue.ts";
import type { Tabled } from "./stream-table.ts";

/** What a stream asks of its connection. */
export interface StreamHost {
  readonly peer: string | undefined;
  /** The stream's reader takes more again: its window is opened for `bytes`. */
  giveBack(stream: Http2Stream, bytes: number): void;
  /** The reader gave up. */
  cancelStream(stream: Http2Stream, reason: unknown): void;
}

/** One exchange over an HTTP/2 connection: where it stands in the protocol, its windows, and its body. */
export class Http2Stream implements BodySource, Tabled<Http2Stream> {
  readonly id: number;
  readonly exchange: Exchange;
  nextInPlace: Http2Stream | undefined;
  state: StreamState = "idle";
  phase: ResponsePhase = "head";
  readonly sendWindow: SendWindow;
  readonly receiveWindow: ReceiveWindow;
  body: Http1Body | undefined;
  upload: Http2Upload | undefined;
  sent: RequestSent = "none";
  sentAt = 0;
  /** When the last byte of it came, or went while it was being sent; on the coarse time. */
  activeAt: number;
  interims = 0;
  /** Bytes of data that the answer must have; -1: any number. */
  expected = -1;
  /** What came of it. */
  received = 0;
  /** As the head announced it. */
  contentLength: number | undefined;
  /** Whether its reader was never behind since its window was opened last. */
  keepsUp = true;
  readonly #host: StreamHost;
  #paused = false;
  /** What came while the reader was behind: the server gets it back when the reader goes on. */
  #owed = 0;

  constructor(host: StreamHost, exchange: Exchange, facts: StreamFacts) {
    this.#host = host;
    this.exchange = exchange;
    this.id = facts.id;
    this.sendWindow = new SendWindow(facts.sendWindow);
    this.receiveWindow = new ReceiveWindow(facts.receiveWindow);
    this.activeAt = facts.now;
  }

  /** That many bytes came, padding and all: they are given back at once, or when the reader goes on. */
  took(bytes: number): void {
    if (this.#paused) this.#owed += bytes;
    else this.#host.giveBack(this, bytes);
  }

  openBody(): Http1Body {
    this.body = new Http1Body(this);
    return this.body;
  }

  waitsFor(): WaitsFor {
    if (this.sent !== "full") return this.upload?.isHeldUp === true ? "network" : "caller";
    if (this.body === undefined) return "head";
    if (this.#paused) return this.body.isUnread ? "reader" : "caller";
    return "body";
  }

  /** The error of a stream that has taken too long. `now` is the coarse time. */
  lateness(now: number, { time, unreadBodyTimeout }: ConnectionSetup): Error | undefined {
    const { timeouts, deadline } = this.exchange.context;
    if (now > deadline) return totalTimeout(timeouts.total, this.progress());
    const silent = time.since(this.activeAt);
    const waited = { silent, sinceSent: time.since(this.sentAt), unreadBodyTimeout };
    return overdue(this.waitsFor(), waited, timeouts)?.(this.progress());
  }

  progress(): Progress {
    const phase: Phase = this.body !== undefined ? "body" : this.sent === "full" ? "headers" : "send";
    return { phase, requestSent: this.sent, peer: this.#host.peer };
  }

  // ── for the body's reader ──

  pauseBody(): void {
    this.#paused = true;
    this.keepsUp = false;
  }

  resumeBody(): void {
    this.#paused = false;
    const owed = this.#owed;
    this.#owed = 0;
    if (owed > 0) this.#host.giveBack(this, owed);
  }

  cancelBody(reason: unknown): void {
    this.#host.cancelStream(this, reason);
  }
}

export interface StreamFacts {
  readonly id: number;
  /** What the server allows to be sent at first. */
  readonly sendWindow: number;
  /** What we allow. */
  readonly receiveWindow: number;
  /** On the coarse time. */
  readonly now: number;
}
