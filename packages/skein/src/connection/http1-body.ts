import { BodyCollector } from "../core/body-collector.ts";
import { AbortError, ResponseTooLarge, type SkeinError, StreamConsumed } from "../core/errors.ts";
import { Headers } from "../core/headers.ts";
import type { BodyOutcome, IncomingBody, RawSink } from "../core/incoming-body.ts";
import { PieceQueue } from "./piece-queue.ts";
import { copyBytes } from "./slab.ts";

/** Bytes kept for a reader that does not come, before the socket is told to wait. */
const HIGH_WATER = 128 * 1024;

/** What a body asks of its connection. */
export interface BodySource {
  pauseBody(): void;
  resumeBody(): void;
  /** The reader gave up: close. */
  cancelBody(reason: unknown): void;
  /** The length that the head announced, if it did. */
  readonly contentLength: number | undefined;
}

interface Waiting {
  resolve(value: Uint8Array | undefined): void;
  reject(error: unknown): void;
}

/** Who waits for the whole body. */
interface Gathering {
  readonly collector: BodyCollector;
  readonly maxBytes: number;
  resolve(value: Uint8Array): void;
  reject(error: unknown): void;
}

/** The body of an HTTP/1.1 response. The connection pushes into it (`push`, `finish`, `fail`), one reader pulls. */
export class Http1Body implements IncomingBody {
  trailers: Headers = Headers.empty;
  readonly #source: BodySource;
  readonly #unread = new PieceQueue();
  #state: "open" | "ended" | "failed" = "open";
  #failure: Error | undefined;
  #touched = false;
  #paused = false;
  #waiting: Waiting | undefined;
  #gathering: Gathering | undefined;
  #listeners: ((outcome: BodyOutcome) => void)[] | undefined;

  constructor(source: BodySource) {
    this.#source = source;
  }

  get complete(): Uint8Array | undefined {
    if (this.#state !== "ended" || this.#touched) return undefined;
    return this.#unread.join();
  }

  /** Whether no reader has come yet. */
  get isUnread(): boolean {
    return !this.#touched;
  }

  /** `bytes` is the connection's read buffer: what is kept is copied. */
  push(bytes: Uint8Array, start: number, end: number): void {
    if (this.#state !== "open") return;
    if (this.#gathering !== undefined) return this.#gather(this.#gathering, bytes.subarray(start, end));
    if (this.#waiting !== undefined) {
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      resolve(copyBytes(bytes, start, end));
      return;
    }
    this.#unread.push(bytes, start, end);
    if (this.#unread.size > HIGH_WATER && !this.#paused) {
      this.#paused = true;
      this.#source.pauseBody();
    }
  }

  finish(trailers: Headers): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.trailers = trailers;
    this.#waiting?.resolve(undefined);
    this.#gathering?.resolve(this.#gathering.collector.take());
    this.#settle(undefined);
  }

  fail(error: Error): void {
    if (this.#state !== "open") return;
    this.#state = "failed";
    this.#failure = error;
    this.#waiting?.reject(error);
    this.#gathering?.reject(error);
    this.#settle(error);
  }

  async read(): Promise<Uint8Array | undefined> {
    this.#refuseSecondReader();
    this.#touched = true;
    const chunk = this.#unread.shift();
    if (chunk !== undefined) {
      if (this.#unread.size === 0) this.#resume();
      return chunk;
    }
    if (this.#state === "ended") return undefined;
    if (this.#failure !== undefined) throw this.#failure;
    this.#resume();
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  async collect(maxBytes: number): Promise<Uint8Array> {
    this.#refuseSecondReader();
    this.#touched = true;
    const announced = this.#state === "open" ? (this.#source.contentLength ?? 0) : 0;
    if (Math.max(announced, this.#unread.size) > maxBytes) throw this.#refuse(maxBytes);
    const start = this.#unread.takeAll();
    if (this.#state === "ended") return start;
    if (this.#failure !== undefined) throw this.#failure;
    return new Promise((resolve, reject) => {
      const collector = new BodyCollector(announced, maxBytes);
      collector.push(start);
      this.#gathering = { collector, maxBytes, resolve, reject };
      this.#resume();
    });
  }

  cancel(reason?: unknown): void {
    if (this.#state !== "open") return;
    this.#source.cancelBody(reason);
    this.fail(new AbortError(reason, { phase: "body", requestSent: "full" }));
  }

  whenSettled(listener: (outcome: BodyOutcome) => void): void {
    if (this.#state !== "open") return listener(this.#failure);
    this.#listeners ??= [];
    this.#listeners.push(listener);
  }

  #gather({ collector, maxBytes }: Gathering, chunk: Uint8Array): void {
    if (collector.push(chunk)) return;
    const error = tooLarge(maxBytes);
    // First, or the call would end as one that was cancelled.
    this.fail(error);
    this.#source.cancelBody(error);
  }

  #refuse(maxBytes: number): SkeinError {
    const error = tooLarge(maxBytes);
    if (this.#state === "open") this.#source.cancelBody(error);
    return error;
  }

  #refuseSecondReader(): void {
    if (this.#gathering !== undefined || this.#waiting !== undefined) {
      throw new StreamConsumed("the body is being read already: only one reader may read it");
    }
  }

  /** Once it has ended, the connection belongs to the next exchange. */
  #resume(): void {
    if (!this.#paused || this.#state !== "open") return;
    this.#paused = false;
    this.#source.resumeBody();
  }

  #settle(outcome: BodyOutcome): void {
    this.#waiting = undefined;
    this.#gathering = undefined;
    if (this.#listeners !== undefined) for (const listener of this.#listeners) listener(outcome);
    this.#listeners = undefined;
  }
}

/** All that comes over a connection that has left HTTP. */
export class RawBody extends Http1Body {
  readonly raw: RawSink;

  constructor(source: BodySource, raw: RawSink) {
    super(source);
    this.raw = raw;
  }
}

function tooLarge(maxBytes: number): SkeinError {
  return new ResponseTooLarge("RESPONSE_TOO_LARGE", `the body is larger than ${maxBytes} bytes`, {
    phase: "body",
    requestSent: "full",
  });
}
