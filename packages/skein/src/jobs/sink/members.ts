// A packed output is a row of members (gzip, RFC 1952 §2.2) or frames (zstd, RFC 8878 §3): one a commit. So what is cut
// back to a commit is a whole file, and what is read needs no state from before it.
//
// Where a zstd frame ends can be seen from its blocks. A gzip member does not tell; ours say it in an extra field
// ("Sk", RFC 1952 §2.3.1.1), which every reader skips.

import zlib from "node:zlib";
import { JobError } from "../job-error.ts";
import type { OutputPacking } from "./output-kind.ts";

/** Magic, method, flags (an extra field), time (none), no hint, system unknown; then the extra field's length and its own. */
const GZIP_START = Uint8Array.of(0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 8, 0, 0x53, 0x6b, 4, 0);
const GZIP_HEADER = GZIP_START.length + 4;
const GZIP_TRAILER = 8;
const ZSTD_START = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);
const ZSTD_PARAMS = { [zlib.constants.ZSTD_c_checksumFlag]: 1 };

/** What every member begins with: a sign that a file is one that was written here. */
export function memberStart(packing: OutputPacking): Uint8Array {
  return packing === "gzip" ? GZIP_START : ZSTD_START;
}

export function packMember(packing: OutputPacking, content: Uint8Array): Uint8Array {
  if (packing === "zstd") return zlib.zstdCompressSync(content, { params: ZSTD_PARAMS });
  const deflated = zlib.deflateRawSync(content);
  const member = Buffer.allocUnsafe(GZIP_HEADER + deflated.length + GZIP_TRAILER);
  member.set(GZIP_START);
  member.writeUInt32LE(member.length, GZIP_START.length);
  member.set(deflated, GZIP_HEADER);
  member.writeUInt32LE(zlib.crc32(content), member.length - 8);
  member.writeUInt32LE(content.length, member.length - 4);
  return member;
}

/** Takes the bytes of a packed output as they come, and gives the content of the members that they complete. */
export class MemberReader {
  readonly #packing: OutputPacking;
  readonly #path: string;
  #rest: Buffer = Buffer.alloc(0);
  #position = 0;

  constructor(packing: OutputPacking, path: string) {
    this.#packing = packing;
    this.#path = path;
  }

  /** @throws JobError OUTPUT_CHANGED where a member is not what was written */
  push(bytes: Buffer): Buffer[] {
    const contents: Buffer[] = [];
    let rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (let length = this.#lengthOf(rest); length !== undefined; length = this.#lengthOf(rest)) {
      contents.push(this.#unpack(rest.subarray(0, length)));
      this.#position += length;
      rest = rest.subarray(length);
    }
    this.#rest = rest;
    return contents;
  }

  #lengthOf(bytes: Buffer): number | undefined {
    const start = memberStart(this.#packing);
    if (!start.every((byte, index) => index >= bytes.length || bytes[index] === byte)) throw this.#damaged();
    const length = this.#packing === "gzip" ? gzipLength(bytes) : zstdLength(bytes);
    return length !== undefined && length <= bytes.length ? length : undefined;
  }

  #unpack(member: Buffer): Buffer {
    try {
      return this.#packing === "gzip" ? zlib.gunzipSync(member) : zlib.zstdDecompressSync(member);
    } catch (cause) {
      throw this.#damaged(cause);
    }
  }

  #damaged(cause?: unknown): JobError {
    const message = `${this.#path} holds no ${this.#packing} data of a job at byte ${this.#position}: it is damaged, or was packed anew`;
    return new JobError("OUTPUT_CHANGED", message, { path: this.#path, cause });
  }
}

function gzipLength(bytes: Buffer): number | undefined {
  if (bytes.length < GZIP_HEADER) return undefined;
  // Never less than a header, so that reading goes on whatever stands there.
  return Math.max(bytes.readUInt32LE(GZIP_START.length), GZIP_HEADER);
}

/** RFC 8878 §3.1.1: header, blocks up to the last, checksum. */
function zstdLength(bytes: Buffer): number | undefined {
  if (bytes.length < 6) return undefined;
  const descriptor = bytes[4]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  let at = 5 + (isSingleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]! + contentSize;
  while (at + 3 <= bytes.length) {
    const header = bytes.readUIntLE(at, 3);
    at += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3);
    if ((header & 1) !== 0) return at + ((descriptor & 4) !== 0 ? 4 : 0);
  }
  return undefined;
}
