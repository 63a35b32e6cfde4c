import { Headers } from "./headers.ts";
import type { BodyOutcome, IncomingBody } from "./incoming-body.ts";

/** The body of a response that came from memory: it has ended before anybody reads it. */
export class StoredBody implements IncomingBody {
  readonly trailers: Headers = Headers.empty;
  #rest: Uint8Array | undefined;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  get complete(): Uint8Array | undefined {
    return this.#rest;
  }

  async read(): Promise<Uint8Array | undefined> {
    const bytes = this.#rest;
    this.#rest = undefined;
    return bytes?.length === 0 ? undefined : bytes;
  }

  async collect(): Promise<Uint8Array> {
    return (await this.read()) ?? new Uint8Array(0);
  }

  cancel(): void {
    this.#rest = undefined;
  }

  whenSettled(listener: (outcome: BodyOutcome) => void): void {
    listener(undefined);
  }
}
