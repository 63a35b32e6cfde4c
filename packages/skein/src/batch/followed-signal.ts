/** The signal that ends a batch, listened to only while there is something to end. */
export class FollowedSignal {
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;

  constructor(signal: AbortSignal | undefined, abort: (reason: unknown) => void) {
    this.#signal = signal;
    this.#onAbort = () => abort(signal!.reason);
  }

  follow(): void {
    if (this.#signal?.aborted) this.#onAbort();
    else this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  letGo(): void {
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }
}
