import { AbortError, ResponseTooLarge, TotalTimeout } from "../../core/errors.ts";
import type { Headers } from "../../core/headers.ts";
import type { BodyOutcome, IncomingBody } from "../../core/incoming-body.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { ByteRate } from "./byte-rate.ts";

/** A body that is read no faster than its bytes are paid for; while it is not read, its connection takes in no more. */
export class SlowedBody implements IncomingBody {
  readonly #inner: IncomingBody;
  readonly #rate: ByteRate;
  readonly #context: RequestContext;
  #endWait: ((error?: unknown) => void) | undefined;

  constructor(inner: IncomingBody, rate: ByteRate, context: RequestContext) {
    this.#inner = inner;
    this.#rate = rate;
    this.#context = context;
  }

  /** What has arrived already is to be paid for as well. */
  get complete(): undefined {
    return undefined;
  }

  get trailers(): Headers {
    return this.#inner.trailers;
  }

  async read(): Promise<Uint8Array | undefined> {
    const chunk = await this.#inner.read();
    if (chunk === undefined) return undefined;
    await this.#waitUntil(this.#rate.take(chunk.length));
    return chunk;
  }

  async collect(maxBytes: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (let chunk = await this.read(); chunk !== undefined; chunk = await this.read()) {
      length += chunk.length;
      if (length > maxBytes) throw this.#refuse(maxBytes);
      chunks.push(chunk);
    }
    const all = new Uint8Array(length);
    let offset = 0;
    for (const chunk of chunks) {
      all.set(chunk, offset);
      offset += chunk.length;
    }
    return all;
  }

  cancel(reason?: unknown): void {
    this.#inner.cancel(reason);
    this.#endWait?.();
  }

  whenSettled(listener: (outcome: BodyOutcome) => void): void {
    this.#inner.whenSettled(listener);
  }

  /** The exchange may be over by now, and its connection with another: so the call's end is watched for here. */
  #waitUntil(time: number): Promise<void> {
    const { clock } = this.#rate;
    const context = this.#context;
    const { onCancel: before, deadline } = context;
    return new Promise((resolve, reject) => {
      const end = (error?: unknown) => {
        timer.cancel();
        this.#endWait = undefined;
        if (context.onCancel === stop) context.onCancel = before;
        if (error === undefined) return resolve();
        this.#inner.cancel(error);
        reject(error);
      };
      const stop = (reason: unknown) => {
        end(new AbortError(reason, { phase: "body", requestSent: "full" }));
        before?.(reason);
      };
      const late = deadline < time ? outOfTime() : undefined;
      const wait = Math.min(time, deadline) - clock.now();
      const timer = clock.setTimer(() => end(late), Math.max(0, Math.ceil(wait)));
      this.#endWait = end;
      context.onCancel = stop;
    });
  }

  #refuse(maxBytes: number): ResponseTooLarge {
    const facts = { phase: "body", requestSent: "full" } as const;
    const error = new ResponseTooLarge(
      "RESPONSE_TOO_LARGE",
      `the body is larger than ${maxBytes} bytes`,
      facts,
    );
    this.cancel(error);
    return error;
  }
}

function outOfTime(): TotalTimeout {
  const message = "its time was up while its bytes were held back by limitBandwidth";
  return new TotalTimeout("TOTAL_TIMEOUT", message, { phase: "body", requestSent: "full" });
}
