import type { Messages } from "./consume-options.ts";

/** What a source asks, and tells, of the messages it takes. */
interface Taking<M, H> {
  /** Whether another message may be held. */
  hasRoom(): boolean;
  take(message: M): H;
  /** A message that came after nobody wanted any more. */
  late(message: M): void;
}

/** The messages of a queue, each pulled only when there is room for it. */
export class MessageSource<M, H> implements AsyncIterable<H>, AsyncIterator<H> {
  readonly #messages: AsyncIterator<M> | Iterator<M>;
  readonly #on: Taking<M, H>;
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor(messages: Messages<M>, on: Taking<M, H>) {
    this.#messages =
      Symbol.asyncIterator in messages ? messages[Symbol.asyncIterator]() : messages[Symbol.iterator]();
    this.#on = on;
  }

  [Symbol.asyncIterator](): AsyncIterator<H> {
    return this;
  }

  async next(): Promise<IteratorResult<H>> {
    while (!this.#stopped && !this.#on.hasRoom()) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    if (this.#stopped) return { done: true, value: undefined };
    const next = await this.#messages.next();
    if (next.done) return { done: true, value: undefined };
    if (!this.#stopped) return { done: false, value: this.#on.take(next.value) };
    this.#on.late(next.value);
    return { done: true, value: undefined };
  }

  /** The batch wants no more: the queue is told, so that it can let go of what it holds. */
  async return(): Promise<IteratorResult<H>> {
    this.stop();
    await this.#messages.return?.();
    return { done: true, value: undefined };
  }

  /** There may be room now. */
  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  stop(): void {
    this.#stopped = true;
    this.wake();
  }
}
