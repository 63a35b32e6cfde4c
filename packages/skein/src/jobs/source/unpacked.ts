import { pipeline, Readable } from "node:stream";
import zlib from "node:zlib";
import { decodesZstdSoundly, ZstdFrames } from "../../entry/compression.ts";
import { JobError } from "../job-error.ts";

/** How a list is packed. */
export type Packing = "gzip" | "zstd" | "brotli";

const CHUNK_BYTES = 64 * 1024;
/** What `zstd -d` takes too; larger windows are made by `--long=28` and above only. */
const ZSTD_WINDOW_LOG = 27;

const MAGIC: readonly (readonly [packing: Packing, suffix: string, magic: readonly number[] | undefined])[] =
  [
    ["gzip", ".gz", [0x1f, 0x8b]],
    ["zstd", ".zst", [0x28, 0xb5, 0x2f, 0xfd]],
    // RFC 7932 gives brotli no mark of its own.
    ["brotli", ".br", undefined],
  ];

/**
 * How a file that begins so is packed; undefined where it is not.
 *
 * @throws JobError where its name says that it is, and its first bytes say that it is not
 */
export function packingOf(start: Uint8Array, name: string): Packing | undefined {
  const found = MAGIC.find(([, , magic]) => magic?.every((byte, index) => start[index] === byte));
  if (found !== undefined) return found[0];
  const named = MAGIC.find(([, suffix]) => name.toLowerCase().endsWith(suffix));
  if (named === undefined || start.length === 0) return undefined;
  const [packing, suffix, magic] = named;
  if (magic === undefined || isSkippableFrame(packing, start)) return packing;
  throw damaged(name, `its name ends in ${suffix}, but it does not begin as ${packing} data does`);
}

/** RFC 8878 §3.1.2: frames that mean nothing, of which a file may have one first. */
function isSkippableFrame(packing: Packing, [first = 0, ...rest]: Uint8Array): boolean {
  return packing === "zstd" && first >> 4 === 5 && rest[0] === 0x2a && rest[1] === 0x4d && rest[2] === 0x18;
}

export interface UnpackOptions {
  readonly packing: Packing;
  readonly name: string;
  /** Where to begin, counted in unpacked bytes: what is before is unpacked, too, and dropped. */
  readonly offset: number;
}

/** @throws JobError naming the list, and the place in it, where it is damaged or ends early */
export async function* unpacked(
  packed: AsyncIterable<Uint8Array>,
  { packing, name, offset }: UnpackOptions,
): AsyncGenerator<Buffer> {
  const decoder = decoderOf(packing, name);
  const meter = new Meter(packing);
  // What fails is thrown by the loop below.
  pipeline(Readable.from(meter.metered(packed)), decoder, () => undefined);
  let skip = offset;
  try {
    for await (const chunk of decoder as AsyncIterable<Buffer>) {
      if (skip >= chunk.length) skip -= chunk.length;
      else {
        yield skip === 0 ? chunk : chunk.subarray(skip);
        skip = 0;
      }
    }
  } catch (cause) {
    if (cause instanceof JobError) throw cause;
    throw unpackError(cause, { packing, name, read: meter.read, at: decoder.bytesWritten });
  }
  meter.checkEnd(decoder.bytesWritten, name);
}

type Decoder = zlib.Gunzip | zlib.ZstdDecompress | zlib.BrotliDecompress;

function decoderOf(packing: Packing, name: string): Decoder {
  if (packing === "gzip") return zlib.createGunzip({ chunkSize: CHUNK_BYTES });
  if (packing === "brotli") return zlib.createBrotliDecompress({ chunkSize: CHUNK_BYTES });
  if (!decodesZstdSoundly(zlib)) {
    throw damaged(
      name,
      `the zstd of Node ${process.version} stops at the end of a frame without a word; unpack it first (zstd -dc ${name} | skein fetch - …), or use Node 26`,
    );
  }
  const params = { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG };
  return zlib.createZstdDecompress({ chunkSize: CHUNK_BYTES, params });
}

/** Counts the packed bytes, and knows whether they end where the packing does: the decoders don't all tell. */
class Meter {
  read = 0;
  readonly #packing: Packing;
  readonly #frames = new ZstdFrames();

  constructor(packing: Packing) {
    this.#packing = packing;
  }

  async *metered(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of packed) {
      this.read += chunk.length;
      if (this.#packing === "zstd") this.#frames.push(chunk);
      yield chunk;
    }
  }

  checkEnd(consumed: number, name: string): void {
    if (this.#packing === "zstd" && !this.#frames.isAtEnd) throw endsEarly(this.#packing, name, this.read);
    // gzip's padding with zeros is no data; anything else behind its end is told by the decoder.
    if (this.#packing === "brotli" && consumed < this.read)
      throw damaged(name, `at byte ${consumed} its brotli data ends, and something else follows`);
  }
}

interface UnpackFailure {
  readonly packing: Packing;
  readonly name: string;
  readonly read: number;
  readonly at: number;
}

function unpackError(cause: unknown, { packing, name, read, at }: UnpackFailure): JobError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "Z_BUF_ERROR") return endsEarly(packing, name, read);
  const isCoding = code !== undefined && /^(Z_|ERR__?ERROR|ERR_|ZSTD_)/.test(code);
  return isCoding
    ? damaged(name, `its ${packing} data is damaged near byte ${at} (${message})`, cause)
    : damaged(name, message, cause);
}

function endsEarly(packing: Packing, name: string, read: number): JobError {
  return damaged(name, `its ${packing} data ends early, at byte ${read}: the file was cut`);
}

function damaged(name: string, reason: string, cause?: unknown): JobError {
  return new JobError("SOURCE_UNREADABLE", `can't read the list ${name}: ${reason}`, { cause, path: name });
}
