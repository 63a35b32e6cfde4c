import { Fifo } from "../core/fifo.ts";

/** How far the loop that reads may be behind before nothing more is started. */
const MAX_UNREAD_TASKS = 256;
export const MAX_UNREAD_BYTES = 64 * 1024 * 1024;

interface Reader<T> {
  resolve(result: IteratorResult<T>): void;
  reject(error: unknown): void;
}

/**
 * Settled tasks on their way to the loop that reads them. It has no bound of its own: the batch looks at `size` and
 * `bytes`, and starts nothing more while the reader is behind.
 */
export class Outbox<T> {
  readonly #items = new Fifo<{ value: T; bytes: number }>();
  readonly #readers = new Fifo<Reader<T>>();
  #ended: { failure: { error: unknown } | undefined } | undefined;
  bytes = 0;

  get size(): number {
    return this.#items.size;
  }

  /** Of those that have to wait for their turn. */
  get heldBytes(): number {
    return 0;
  }

  /** Whether somebody waits for a task, or for the end. */
  get isAwaited(): boolean {
    return this.#readers.size > 0;
  }

  /** Whether what is started now, beside so many that run, finds room when it ends. */
  hasRoom(_running: number): boolean {
    return this.size < MAX_UNREAD_TASKS && this.bytes < MAX_UNREAD_BYTES;
  }

  /** Whether a further item may be taken from the input, after so many. */
  mayPull(_pulled: number): boolean {
    return true;
  }

  push(value: T, bytes: number): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) return reader.resolve({ done: false, value });
    this.#items.push({ value, bytes });
    this.bytes += bytes;
  }

  /** Nothing more comes; readers see the end once they have read all, or the failure. */
  end(failure?: { error: unknown }): void {
    if (this.#ended !== undefined) return;
    this.#ended = { failure };
    for (const reader of this.#readers) {
      if (failure === undefined) reader.resolve({ done: true, value: undefined });
      else reader.reject(failure.error);
    }
    this.#readers.clear();
  }

  next(): Promise<IteratorResult<T>> {
    if (this.size > 0) return Promise.resolve({ done: false, value: this.#shift() });
    if (this.#ended !== undefined) return this.#atEnd(this.#ended);
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
    });
  }

  /** Forgets what has not been read. */
  clear(): void {
    this.#items.clear();
    this.bytes = 0;
  }

  #shift(): T {
    const { value, bytes } = this.#items.shift()!;
    this.bytes -= bytes;
    return value;
  }

  /** The failure is told once; afterwards it is simply over. */
  #atEnd(ended: { failure: { error: unknown } | undefined }): Promise<IteratorResult<T>> {
    const { failure } = ended;
    ended.failure = undefined;
    return failure === undefined
      ? Promise.resolve({ done: true, value: undefined })
      : Promise.reject(failure.error);
  }
}
