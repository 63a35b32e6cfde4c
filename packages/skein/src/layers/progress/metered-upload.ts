import type { BodyUse, RequestBody } from "../../core/body.ts";
import type { Clock } from "../../core/clock.ts";
import type { ProgressListener } from "../../core/progress.ts";
import { ProgressMeter } from "../../policy/progress-meter.ts";

const CHUNK_SIZE = 64 * 1024;

/** A request's body that is counted as the network takes it; from 0 again each time it is sent. */
export class MeteredUpload implements RequestBody {
  readonly length: number | undefined;
  readonly replayable: boolean;
  readonly #inner: RequestBody;
  readonly #listener: ProgressListener;
  readonly #clock: Clock;

  constructor(inner: RequestBody, listener: ProgressListener, clock: Clock) {
    this.length = inner.length;
    this.replayable = inner.replayable;
    this.#inner = inner;
    this.#listener = listener;
    this.#clock = clock;
  }

  async *open(use?: BodyUse): AsyncGenerator<Uint8Array> {
    const facts = { name: "onUploadProgress", total: this.length };
    const meter = new ProgressMeter(this.#listener, this.#clock, facts);
    const source = this.#inner.open(use);
    for await (const chunk of source instanceof Uint8Array ? slices(source) : source) {
      yield chunk;
      // Asked for more: the network has taken what came before.
      await meter.add(chunk.length);
    }
    await meter.end();
  }
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += CHUNK_SIZE)
    yield bytes.subarray(start, start + CHUNK_SIZE);
}
