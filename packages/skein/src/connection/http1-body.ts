import { AbortError, ResponseTooLarge, type SkeinError, StreamConsumed } from "../core/errors.ts";
import { Headers } from "../core/headers.ts";
import type { BodyOutcome, IncomingBody } from "../core/incoming-body.ts";
import { copyBytes } from "./slab.ts";

/** Bytes kept for a reader that does not come, before the socket is told to wait. */
const HIGH_WATER = 128 * 1024;
const NOTHING = new Uint8Array(0);

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

/** Gathers the whole body in one array: each byte is copied once, from the read buffer to its place. */
interface Collector {
  bytes: Uint8Array;
  length: number;
  readonly maxBytes: number;
  resolve(value: Uint8Array): void;
  reject(error: unknown): void;
}

/** The body of an HTTP/1.1 response. The connection pushes into it (`push`, `finish`, `fail`), one reader pulls. */
export class Http1Body implements IncomingBody {
  trailers: Headers = Headers.empty;
  readonly #source: BodySource;
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #state: "open" | "ended" | "failed" = "open";
  #failure: Error | undefined;
  #touched = false;
  #paused = false;
  #waiting: Waiting | undefined;
  #collector: Collector | undefined;
  #listeners: ((outcome: BodyOutcome) => void)[] | undefined;

  constructor(source: BodySource) {
    this.#source = source;
  }

  get complete(): Uint8Array | undefined {
    if (this.#state !== "ended" || this.#touched) return undefined;
    if (this.#chunks.length > 1) this.#chunks = [join(this.#chunks, this.#buffered)];
    return this.#chunks.length === 0 ? NOTHING : this.#chunks[0];
  }

  /** Whether no reader has come yet. */
  get isUnread(): boolean {
    return !this.#touched;
  }

  /** `bytes` is the connection's read buffer: what is kept is copied. */
  push(bytes: Uint8Array, start: number, end: number): void {
    if (this.#state !== "open") return;
    if (this.#collector !== undefined) return this.#gather(this.#collector, bytes.subarray(start, end));
    const chunk = copyBytes(bytes, start, end);
    if (this.#waiting !== undefined) {
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      resolve(chunk);
      return;
    }
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    if (this.#buffered > HIGH_WATER && !this.#paused) {
      this.#paused = true;
      this.#source.pauseBody();
    }
  }

  finish(trailers: Headers): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.trailers = trailers;
    this.#waiting?.resolve(undefined);
    if (this.#collector !== undefined) this.#collector.resolve(trim(this.#collector));
    this.#settle(undefined);
  }

  fail(error: Error): void {
    if (this.#state !== "open") return;
    this.#state = "failed";
    this.#failure = error;
    this.#waiting?.reject(error);
    this.#collector?.reject(error);
    this.#settle(error);
  }

  async read(): Promise<Uint8Array | undefined> {
    this.#refuseSecondReader();
    this.#touched = true;
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#buffered -= chunk.length;
      if (this.#buffered === 0) this.#resume();
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
    if (Math.max(announced, this.#buffered) > maxBytes) throw this.#refuse(maxBytes);
    const chunks = this.#chunks;
    const buffered = this.#buffered;
    this.#chunks = [];
    this.#buffered = 0;
    if (this.#state === "ended") return chunks.length === 1 ? chunks[0]! : join(chunks, buffered);
    if (this.#failure !== undefined) throw this.#failure;
    return new Promise((resolve, reject) => {
      const collector = {
        bytes: new Uint8Array(Math.max(announced, buffered)),
        length: 0,
        maxBytes,
        resolve,
        reject,
      };
      this.#collector = collector;
      for (const chunk of chunks) this.#gather(collector, chunk);
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

  #gather(collector: Collector, chunk: Uint8Array): void {
    const length = collector.length + chunk.length;
    if (length > collector.maxBytes) {
      const error = this.#refuse(collector.maxBytes);
      this.fail(error);
      return;
    }
    if (length > collector.bytes.length) collector.bytes = grow(collector, length);
    collector.bytes.set(chunk, collector.length);
    collector.length = length;
  }

  #refuse(maxBytes: number): SkeinError {
    const error = new ResponseTooLarge("RESPONSE_TOO_LARGE", `the body is larger than ${maxBytes} bytes`, {
      phase: "body",
      requestSent: "full",
    });
    if (this.#state === "open") this.#source.cancelBody(error);
    return error;
  }

  #refuseSecondReader(): void {
    if (this.#collector !== undefined || this.#waiting !== undefined) {
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
    this.#collector = undefined;
    if (this.#listeners !== undefined) for (const listener of this.#listeners) listener(outcome);
    this.#listeners = undefined;
  }
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}

function grow(collector: Collector, needed: number): Uint8Array {
  const doubled = Math.max(needed, Math.min(collector.bytes.length * 2, collector.maxBytes), 16 * 1024);
  const bytes = new Uint8Array(doubled);
  bytes.set(collector.bytes.subarray(0, collector.length));
  return bytes;
}

function trim(collector: Collector): Uint8Array {
  return collector.length === collector.bytes.length
    ? collector.bytes
    : collector.bytes.slice(0, collector.length);
}
