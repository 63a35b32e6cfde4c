import type { BodyUse } from "../core/body.ts";

const NOTHING = new Uint8Array(0);

/** The body of a request on its way over a stream: what of it waits until the windows open. */
export class Http2Upload implements BodyUse {
  onAbandon: (() => void) | undefined;
  /** What may be sent as soon as there is room. */
  pending: Uint8Array = NOTHING;
  /** Whether nothing comes behind `pending`. */
  isLast = false;
  /** Whether the end of the stream was sent. */
  ended = false;
  abandoned = false;
  #wake: (() => void) | undefined;

  /** Whether the network, or the server's windows, have to move before anything else. */
  get isHeldUp(): boolean {
    return this.pending.length > 0;
  }

  /**
   * Hands out the body piece by piece: the next one when the last one is gone.
   *
   * @param push sends of `pending` what can be sent
   */
  async run(source: AsyncIterable<Uint8Array>, push: () => void): Promise<void> {
    for await (const chunk of source) {
      if (this.abandoned) return;
      if (chunk.length === 0) continue;
      this.pending = chunk;
      push();
      while (this.pending.length > 0 && !this.abandoned)
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
    }
    if (this.abandoned) return;
    this.isLast = true;
    push();
  }

  /** `length` bytes of what was pending are sent. */
  took(length: number): void {
    this.pending = this.pending.subarray(length);
    if (this.pending.length === 0) this.#go();
  }

  /** Nothing more is sent: whoever gives the body is told, also in the middle of a read. */
  abandon(): void {
    this.abandoned = true;
    this.#go();
    const tell = this.onAbandon;
    this.onAbandon = undefined;
    tell?.();
  }

  #go(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
