import { AbortError, ResponseTooLarge, StreamConsumed } from "../../core/errors.ts";
import { Headers } from "../../core/headers.ts";
import type { BodyOutcome, IncomingBody } from "../../core/incoming-body.ts";
import type { CallWatch } from "./call-watch.ts";

/** Where the bytes of a body come from. */
export interface PullSource {
  /** The next bytes, or undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** No more is wanted. */
  cancel(reason: unknown): void;
}

/** A body that is pulled from a source, under the watch of its call: nothing is read ahead of its reader. */
export class PulledBody implements IncomingBody {
  readonly complete = undefined;
  readonly trailers: Headers = Headers.empty;
  readonly #source: PullSource;
  readonly #watch: CallWatch;
  readonly #listeners: ((outcome: BodyOutcome) => void)[] = [];
  #state: "open" | "reading" | "ended" | "failed" = "open";
  #failure: Error | undefined;

  constructor(source: PullSource, watch: CallWatch) {
    this.#source = source;
    this.#watch = watch;
    watch.phase = "body";
    // The call may end while nobody reads.
    watch.signal.addEventListener("abort", () => this.#stop(watch.failure!), { once: true });
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#state === "reading") throw new StreamConsumed("the body is being read already");
    if (this.#state === "failed") throw this.#failure;
    if (this.#state === "ended") return undefined;
    this.#state = "reading";
    try {
      const chunk = await this.#watch.forBody(this.#source.read());
      if (chunk === undefined) this.#settle("ended", undefined);
      else this.#state = "open";
      return chunk;
    } catch (error) {
      this.#stop(error as Error);
      throw this.#failure;
    }
  }

  async collect(maxBytes: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (let chunk = await this.read(); chunk !== undefined; chunk = await this.read()) {
      length += chunk.length;
      if (length > maxBytes) throw this.#refuse(maxBytes);
      chunks.push(chunk);
    }
    return join(chunks, length);
  }

  cancel(reason?: unknown): void {
    this.#watch.end(new AbortError(reason, { phase: "body", requestSent: "full" }));
  }

  whenSettled(listener: (outcome: BodyOutcome) => void): void {
    if (this.#state === "ended" || this.#state === "failed") listener(this.#failure);
    else this.#listeners.push(listener);
  }

  #refuse(maxBytes: number): ResponseTooLarge {
    const reason = `the body is larger than ${maxBytes} bytes`;
    const error = new ResponseTooLarge("RESPONSE_TOO_LARGE", reason, { phase: "body", requestSent: "full" });
    this.#watch.end(error);
    return error;
  }

  #stop(error: Error): void {
    if (this.#state === "ended" || this.#state === "failed") return;
    this.#settle("failed", error);
    this.#source.cancel(error);
  }

  #settle(state: "ended" | "failed", outcome: BodyOutcome): void {
    this.#state = state;
    this.#failure = outcome;
    this.#watch.release();
    for (const listener of this.#listeners.splice(0)) listener(outcome);
  }
}

/** A body that was there with its head. */
export class ArrivedBody implements IncomingBody {
  readonly trailers: Headers = Headers.empty;
  readonly #bytes: Uint8Array;
  #isRead = false;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#bytes = bytes;
  }

  get complete(): Uint8Array | undefined {
    return this.#isRead ? undefined : this.#bytes;
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#isRead || this.#bytes.length === 0) return undefined;
    this.#isRead = true;
    return this.#bytes;
  }

  async collect(maxBytes: number): Promise<Uint8Array> {
    if (this.#bytes.length > maxBytes) {
      const reason = `the body is larger than ${maxBytes} bytes`;
      throw new ResponseTooLarge("RESPONSE_TOO_LARGE", reason, { phase: "body", requestSent: "full" });
    }
    return (await this.read()) ?? new Uint8Array(0);
  }

  cancel(): void {
    this.#isRead = true;
  }

  whenSettled(listener: (outcome: BodyOutcome) => void): void {
    listener(undefined);
  }
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}
