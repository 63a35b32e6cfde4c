import { AbortError, ResponseTooLarge, StreamClosed } from "../../skein/src/core/errors.ts";
import { Headers } from "../../skein/src/core/headers.ts";
import type { BodyOutcome, IncomingBody } from "../../skein/src/core/incoming-body.ts";

/** A response's body that a test feeds by hand: it comes in only as the test says. */
export class TestBody implements IncomingBody {
  trailers = Headers.empty;
  /** How many bytes were read from it. */
  bytesRead = 0;
  cancelled = false;
  /** Whether `complete` tells that everything has arrived; a real body does when it came with the head. */
  readonly #arrived: boolean;
  readonly #chunks: Uint8Array[] = [];
  readonly #listeners: ((outcome: BodyOutcome) => void)[] = [];
  #end: { outcome: BodyOutcome } | undefined;
  #settled: { outcome: BodyOutcome } | undefined;
  #wake: (() => void) | undefined;

  constructor(arrived = false) {
    this.#arrived = arrived;
  }

  push(...chunks: (string | Uint8Array)[]): this {
    for (const chunk of chunks) this.#chunks.push(bytesOf(chunk));
    this.#wake?.();
    return this;
  }

  end(): this {
    return this.#finish(undefined);
  }

  fail(error: Error): this {
    return this.#finish(error);
  }

  /** Whether a reader waits for more. */
  get isAwaited(): boolean {
    return this.#wake !== undefined;
  }

  get complete(): Uint8Array | undefined {
    const whole = this.#arrived && this.bytesRead === 0 && this.#end?.outcome === undefined;
    return whole && this.#end !== undefined ? join(this.#chunks) : undefined;
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0 && this.#end === undefined) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.bytesRead += chunk.length;
      return chunk;
    }
    this.#settle(this.#end!.outcome);
    if (this.#end!.outcome !== undefined) throw this.#end!.outcome;
    return undefined;
  }

  async collect(maxBytes: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (let chunk = await this.read(); chunk !== undefined; chunk = await this.read()) {
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxBytes) {
        const error = new ResponseTooLarge("RESPONSE_TOO_LARGE", `the body is larger than ${maxBytes} bytes`);
        this.cancel(error);
        throw error;
      }
    }
    return join(chunks);
  }

  cancel(reason?: unknown): void {
    if (this.#settled !== undefined) return;
    this.cancelled = true;
    this.#chunks.length = 0;
    this.#finish(reason instanceof Error ? reason : new StreamClosed("the body was cancelled"));
    this.#settle(new AbortError(reason));
  }

  whenSettled(listener: (outcome: BodyOutcome) => void): void {
    if (this.#settled !== undefined) listener(this.#settled.outcome);
    else this.#listeners.push(listener);
  }

  #finish(outcome: BodyOutcome): this {
    this.#end ??= { outcome };
    this.#wake?.();
    return this;
  }

  #settle(outcome: BodyOutcome): void {
    if (this.#settled !== undefined) return;
    this.#settled = { outcome };
    for (const listener of this.#listeners.splice(0)) listener(outcome);
  }
}

export interface BodyFacts {
  /** The body ends with this error after its chunks. */
  failure?: Error;
  /** Everything has arrived already: `complete` tells it. Default: false. */
  arrived?: boolean;
}

/** A body of these chunks, which then ends. */
export function bodyOf(chunks: readonly (string | Uint8Array)[], facts: BodyFacts = {}): TestBody {
  const body = new TestBody(facts.arrived).push(...chunks);
  return facts.failure === undefined ? body.end() : body.fail(facts.failure);
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? Buffer.from(data, "utf8") : data;
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}
