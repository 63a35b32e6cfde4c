/** What a length that a server announces is trusted with; once so much has come, with the rest as well. */
const TRUSTED_BYTES = 1024 * 1024;
const SMALLEST_BLOCK = 16 * 1024;
/** From so many bytes on, blocks are of those that an allocator hands back to the system at once: glibc's are beyond 32 MiB. */
const LARGE_BODY = 8 * 1024 * 1024;
const LARGE_BLOCK = 33 * 1024 * 1024;
const NOTHING = new Uint8Array(0);

/**
 * Gathers a whole body in one array, so that it is never in memory twice. Where its length was announced, each byte is
 * copied once, to its place: what is not written yet takes no memory, as the system gives that page by page. A body of
 * unknown length comes into blocks; each is given back to the system when it was copied to the others.
 */
export class BodyCollector {
  readonly #maxBytes: number;
  /** As many bytes as there will be; 0 where that is not known. */
  readonly #announced: number;
  /** Blocks that are full. */
  readonly #full: Uint8Array[] = [];
  #fullBytes = 0;
  /** The one behind them, and how much of it is filled. */
  #block: Uint8Array;
  #filled = 0;

  constructor(announced: number, maxBytes: number) {
    this.#announced = announced;
    this.#maxBytes = maxBytes;
    this.#block = announced === 0 ? NOTHING : new Uint8Array(Math.min(announced, TRUSTED_BYTES));
  }

  /** Keeps a copy. False where all of it would be more than `maxBytes`: then the collector is of no use any more. */
  push(bytes: Uint8Array): boolean {
    const total = this.#fullBytes + this.#filled + bytes.length;
    if (total > this.#maxBytes) return false;
    if (total > this.#block.length && total <= this.#announced) this.#makeRoomForAll();
    const room = this.#block.length - this.#filled;
    if (bytes.length <= room) {
      this.#append(bytes);
      return true;
    }
    this.#append(bytes.subarray(0, room));
    this.#openBlock(bytes.length - room);
    this.#append(bytes.subarray(room));
    return true;
  }

  /** The whole body, the taker's own. */
  take(): Uint8Array {
    if (this.#full.length === 0 && this.#filled === this.#block.length) return this.#block;
    this.#closeBlock();
    const all = new Uint8Array(this.#fullBytes);
    let offset = 0;
    for (const block of this.#full) {
      all.set(block, offset);
      offset += block.length;
      release(block);
    }
    this.#full.length = 0;
    return all;
  }

  #append(bytes: Uint8Array): void {
    this.#block.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  #makeRoomForAll(): void {
    const whole = new Uint8Array(this.#announced);
    whole.set(this.#block.subarray(0, this.#filled));
    release(this.#block);
    this.#block = whole;
  }

  /** As large as all before it together: few blocks, and no more memory than twice what came. */
  #openBlock(needed: number): void {
    this.#closeBlock();
    const total = this.#fullBytes;
    const wanted = total < LARGE_BODY ? Math.max(total, SMALLEST_BLOCK) : LARGE_BLOCK;
    this.#block = new Uint8Array(Math.max(needed, Math.min(wanted, this.#maxBytes - total)));
  }

  #closeBlock(): void {
    if (this.#filled === 0) return;
    this.#full.push(this.#block.subarray(0, this.#filled));
    this.#fullBytes += this.#filled;
    this.#filled = 0;
  }
}

/** At once: the garbage collector would come for it when the body is there twice. */
function release(block: Uint8Array): void {
  if (block.byteLength > 0) (block.buffer as ArrayBuffer).transfer(0);
}
