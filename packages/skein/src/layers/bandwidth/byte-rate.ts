import type { Clock } from "../../core/clock.ts";

/** So many bytes a second, of all who read: each pays for its bytes with time, and those who come after wait behind it. */
export class ByteRate {
  readonly clock: Clock;
  readonly #msPerByte: number;
  /** When all bytes so far are paid for. */
  #paidAt = 0;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.clock = clock;
    this.#msPerByte = 1_000 / bytesPerSecond;
  }

  /** When these bytes are paid for, on the clock's monotonic time. */
  take(bytes: number): number {
    this.#paidAt = Math.max(this.#paidAt, this.clock.now()) + bytes * this.#msPerByte;
    return this.#paidAt;
  }
}
