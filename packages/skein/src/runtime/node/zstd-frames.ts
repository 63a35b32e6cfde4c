/**
 * Follows the frames of a zstd body (RFC 8878 §3.1) without decoding them, to know whether it ends where a frame does.
 * Node 26 reads every frame, but takes a body that stops within the first four bytes of a further one for whole.
 */
export class ZstdFrames {
  /** The field that is being read; its bytes are gathered in `#value`, little-endian. */
  #field: Field = "magic";
  #value = 0;
  #read = 0;
  /** Bytes that belong to the present frame and tell nothing. */
  #skip = 0;
  #hasChecksum = false;

  /** Whether the bytes so far are whole frames. */
  get isAtEnd(): boolean {
    return this.#field === "magic" && this.#read === 0 && this.#skip === 0;
  }

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const skipped = Math.min(this.#skip, bytes.length - at);
      this.#skip -= skipped;
      at += skipped;
      if (at < bytes.length) this.#take(bytes[at++]!);
    }
  }

  #take(byte: number): void {
    this.#value += byte * 2 ** (8 * this.#read);
    this.#read += 1;
    if (this.#read < WIDTHS[this.#field]) return;
    const value = this.#value;
    this.#value = 0;
    this.#read = 0;
    this.#field = this.#after(this.#field, value);
  }

  #after(field: Field, value: number): Field {
    switch (field) {
      case "magic":
        return value >= SKIPPABLE && value < SKIPPABLE + 16 ? "skippable size" : "descriptor";
      case "skippable size":
        this.#skip = value;
        return "magic";
      case "descriptor":
        this.#hasChecksum = (value & 4) !== 0;
        this.#skip = headerLength(value);
        return "block";
      case "block":
        return this.#afterBlock(value);
    }
  }

  /** Block header: last block (1 bit), type (2 bits), size (21 bits); a block of one repeated byte (1) holds just that. */
  #afterBlock(header: number): Field {
    const isLast = (header & 1) !== 0;
    const length = ((header >> 1) & 3) === 1 ? 1 : header >> 3;
    this.#skip = length + (isLast && this.#hasChecksum ? 4 : 0);
    return isLast ? "magic" : "block";
  }
}

type Field = "magic" | "skippable size" | "descriptor" | "block";
const WIDTHS: Readonly<Record<Field, number>> = { magic: 4, "skippable size": 4, descriptor: 1, block: 3 };

/** The first of 16 magic numbers of frames that mean nothing. */
const SKIPPABLE = 0x184d2a50;

/** What follows the frame header's descriptor: window, dictionary and content size, as far as they are there. */
function headerLength(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const window = isSingleSegment ? 0 : 1;
  const dictionary = [0, 1, 2, 4][descriptor & 3]!;
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  return window + dictionary + contentSize;
}
