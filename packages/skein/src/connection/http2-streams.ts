import type { ErrorCode } from "../protocol/http2/error-codes.ts";
import { type StreamEvent, streamTransition } from "../protocol/http2/stream-state.ts";
import { ClosedStreams } from "./http2-guards.ts";
import type { Http2Stream } from "./http2-stream.ts";
import { StreamWindows } from "./http2-stream-windows.ts";
import { StreamTable } from "./stream-table.ts";

/** RFC 9113 §5.1.1: then it takes a new connection. */
const LAST_STREAM_ID = 2 ** 31 - 1;

/** What a frame comes to: the stream that it is for, nothing, or the error that it is. */
export type Received =
  | { readonly stream: Http2Stream }
  | { readonly error: ErrorCode; readonly scope: "stream" | "connection"; readonly reason: string }
  | undefined;

/** The streams of a connection: those that are open, and what is still known of those that were. */
export class Http2Streams {
  readonly closed: ClosedStreams = new ClosedStreams();
  readonly #open = new StreamTable<Http2Stream>();
  readonly #windows = new StreamWindows();
  #nextId = 1;

  get size(): number {
    return this.#open.size;
  }

  /** The id of the next stream. */
  get nextId(): number {
    return this.#nextId;
  }

  /** Whether there is none left. */
  get isUsedUp(): boolean {
    return this.#nextId > LAST_STREAM_ID;
  }

  get(streamId: number): Http2Stream | undefined {
    return this.#open.get(streamId);
  }

  has(stream: Http2Stream): boolean {
    return this.#open.get(stream.id) === stream;
  }

  /** Whether a stream was open, and is no more. */
  hasEnded(streamId: number): boolean {
    return streamId < this.#nextId && streamId % 2 === 1 && this.#open.get(streamId) === undefined;
  }

  add(stream: Http2Stream): void {
    this.#open.add(stream);
    this.#nextId += 2;
  }

  remove(stream: Http2Stream): void {
    this.#open.delete(stream);
    this.#windows.release(stream.receiveWindow);
  }

  /** A reader has taken that many bytes. Returns by how much to open the stream's window now. */
  consume(stream: Http2Stream, bytes: number): number {
    if (!this.has(stream)) return 0;
    const increment = this.#windows.consume(stream.receiveWindow, bytes, stream.keepsUp);
    if (increment > 0) stream.keepsUp = true;
    return increment;
  }

  /** Those that are open now, whatever becomes of them meanwhile. */
  [Symbol.iterator](): IterableIterator<Http2Stream> {
    return this.#open.values().values();
  }

  /** Takes note of a frame (RFC 9113 §5.1). */
  receive(streamId: number, event: StreamEvent): Received {
    const stream = this.#open.get(streamId);
    const isIdle = streamId >= this.#nextId || streamId % 2 === 0;
    const state = stream?.state ?? (isIdle ? "idle" : this.closed.stateOf(streamId));
    const transition = streamTransition(state, event);
    if (transition === "ignore" || transition === "illegal") return undefined;
    if ("to" in transition) {
      if (stream === undefined) return undefined;
      stream.state = transition.to;
      return { stream };
    }
    const reason = `a frame (${event.slice("recv-".length)}) for a stream that is ${state.replaceAll("-", " ")}`;
    return "connectionError" in transition
      ? { error: transition.connectionError, scope: "connection", reason }
      : { error: transition.streamError, scope: "stream", reason };
  }
}
