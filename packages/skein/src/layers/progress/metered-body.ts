import { ResponseTooLarge } from "../../core/errors.ts";
import type { Headers } from "../../core/headers.ts";
import type { BodyOutcome, IncomingBody } from "../../core/incoming-body.ts";
import type { ProgressMeter } from "../../policy/progress-meter.ts";

/** Whether nobody wants the body: it only leads elsewhere. */
export function isRedirectStatus(status: number): boolean {
  return status >= 300 && status < 400;
}

/** A response's body that is counted as it is read. */
export class MeteredBody implements IncomingBody {
  readonly #inner: IncomingBody;
  readonly #meter: ProgressMeter;
  #told = false;

  constructor(inner: IncomingBody, meter: ProgressMeter) {
    this.#inner = inner;
    this.#meter = meter;
  }

  /** Only what is read is told of: so nobody may take it all at once. */
  get complete(): undefined {
    return undefined;
  }

  get trailers(): Headers {
    return this.#inner.trailers;
  }

  async read(): Promise<Uint8Array | undefined> {
    const chunk = await this.#inner.read();
    try {
      if (chunk !== undefined) await this.#meter.add(chunk.length);
      else if (!this.#told) {
        this.#told = true;
        await this.#meter.end();
      }
    } catch (error) {
      this.#inner.cancel(error);
      throw error;
    }
    return chunk;
  }

  async collect(maxBytes: number): Promise<Uint8Array> {
    const { total = 0 } = this.#meter;
    if (total > maxBytes) throw this.#refuse(maxBytes);
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
    this.#inner.cancel(reason);
  }

  whenSettled(listener: (outcome: BodyOutcome) => void): void {
    this.#inner.whenSettled(listener);
  }

  #refuse(maxBytes: number): ResponseTooLarge {
    const error = new ResponseTooLarge("RESPONSE_TOO_LARGE", `the body is larger than ${maxBytes} bytes`, {
      phase: "body",
      requestSent: "full",
    });
    this.#inner.cancel(error);
    return error;
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
