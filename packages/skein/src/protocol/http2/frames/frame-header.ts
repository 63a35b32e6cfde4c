/** The header of a frame (RFC 9113 §4.1). A reader has one, and reads them all into it. */
export class FrameHeader {
  /** Of the payload, in bytes. */
  length = 0;
  type = 0;
  flags = 0;
  /** Without the reserved bit (§4.1: to be ignored). */
  streamId = 0;

  read(bytes: Uint8Array, at: number): void {
    this.length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    this.type = bytes[at + 3]!;
    this.flags = bytes[at + 4]!;
    this.streamId = readUint32(bytes, at + 5) & 0x7fffffff;
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
