import { MAX_UNREAD_BYTES, Outbox } from "./outbox.ts";

/**
 * An outbox that gives tasks in the order of their numbers: what has settled before its turn is held back. How much that
 * may be is bounded by a window: no item is taken that is further than that behind the one that is waited for, and none
 * while too many bytes are held.
 */
export class OrderedOutbox<T extends { readonly id: number }> extends Outbox<T> {
  readonly #window: number;
  readonly #held = new Map<number, { value: T; bytes: number }>();
  #heldBytes = 0;
  #next = 0;

  constructor(window: number) {
    super();
    this.#window = window;
  }

  override get heldBytes(): number {
    return this.#heldBytes;
  }

  /** With too many bytes held, one at a time: the one that is waited for may be among those that have not started. */
  override hasRoom(running: number): boolean {
    return super.hasRoom(running) && (running === 0 || this.#heldBytes < MAX_UNREAD_BYTES);
  }

  override mayPull(pulled: number): boolean {
    return pulled - this.#next < this.#window && this.#heldBytes < MAX_UNREAD_BYTES;
  }

  override push(value: T, bytes: number): void {
    if (value.id !== this.#next) {
      this.#held.set(value.id, { value, bytes });
      this.#heldBytes += bytes;
      return;
    }
    this.#next += 1;
    super.push(value, bytes);
    this.#giveHeld();
  }

  override clear(): void {
    super.clear();
    this.#held.clear();
    this.#heldBytes = 0;
  }

  #giveHeld(): void {
    for (let held = this.#held.get(this.#next); held !== undefined; held = this.#held.get(this.#next)) {
      this.#held.delete(this.#next);
      this.#heldBytes -= held.bytes;
      this.#next += 1;
      super.push(held.value, held.bytes);
    }
  }
}
