const FIRST_BYTES = 512;

/** What was put together in more than this is not kept. */
const KEPT_BYTES = 4_096;
const NOTHING = new Uint8Array(0);

/** Puts together what came in pieces; each byte is copied once, and again only as the array doubles. */
export class BytePieces {
  bytes: Uint8Array = NOTHING;
  length = 0;

  append(source: Uint8Array, start: number, end: number): void {
    const length = this.length + end - start;
    if (length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.bytes.length, FIRST_BYTES));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(source.subarray(start, end), this.length);
    this.length = length;
  }

  clear(): void {
    this.length = 0;
    if (this.bytes.length > KEPT_BYTES) this.bytes = NOTHING;
  }
}
