import { Headers } from "../core/headers.ts";
import type { BodyOutcome, IncomingBody } from "../core/incoming-body.ts";

/** The body of a response whose connection broke in the middle of it. */
export class BrokenBody implements IncomingBody {
  readonly complete = undefined;
  readonly trailers: Headers = Headers.empty;
  readonly #failure: Error;

  constructor(failure: Error) {
    this.#failure = failure;
  }

  async read(): Promise<Uint8Array | undefined> {
    throw this.#failure;
  }

  async collect(): Promise<Uint8Array> {
    throw this.#failure;
  }

  cancel(): void {}

  whenSettled(listener: (outcome: BodyOutcome) => void): void {
    listener(this.#failure);
  }
}
