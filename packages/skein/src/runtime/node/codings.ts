import type * as Zlib from "node:zlib";
import { ownOptions } from "../../core/own-options.ts";
import { ZstdFrames } from "./zstd-frames.ts";

/** A stream of node:zlib. `bytesWritten` counts the input that it took. */
export type ZlibStream =
  | Zlib.Gunzip
  | Zlib.Inflate
  | Zlib.InflateRaw
  | Zlib.BrotliDecompress
  | Zlib.ZstdDecompress;

interface SyncLimits {
  readonly maxOutputLength: number;
  readonly chunkSize: number;
}

interface Decoded {
  readonly bytes: Uint8Array;
  /** How much of the input belonged to the coding. */
  readonly consumed: number;
}

/** With `info`, node:zlib gives back the engine too, which its types don't tell. */
interface WithEngine {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}
type DecodeSync = (bytes: Uint8Array, options: SyncLimits & { info: true }) => Uint8Array | WithEngine;

/** How one content coding is decoded. */
export interface Coding {
  readonly name: string;
  /** A stream that decodes a body which begins so; `start` has two bytes at least, where the body has. */
  stream(start: Uint8Array, chunkSize: number): ZlibStream;
  /** Everything at once, where the runtime can; throws as node:zlib does. */
  decode(bytes: Uint8Array, limits: SyncLimits): Decoded | undefined;
  /** Checks what the engine does not: that the body ends where the coding does. */
  endCheck?(): EndCheck;
}

export interface EndCheck {
  push(bytes: Uint8Array): void;
  readonly isAtEnd: boolean;
}

let loaded: ReadonlyMap<string, Coding> | undefined;

/** The codings that this runtime decodes soundly. node:zlib is loaded when this is first asked: a plain GET needs none. */
export function soundCodings(): ReadonlyMap<string, Coding> {
  loaded ??= makeCodings(process.getBuiltinModule("node:zlib"));
  return loaded;
}

function makeCodings(zlib: typeof Zlib): ReadonlyMap<string, Coding> {
  const codings = [
    coding("gzip", zlib.gunzipSync, options => zlib.createGunzip(options)),
    deflate(zlib),
    coding("br", zlib.brotliDecompressSync, options => zlib.createBrotliDecompress(options)),
  ];
  if (decodesZstdSoundly(zlib)) codings.push(zstd(zlib));
  return new Map(codings.map(entry => [entry.name, entry]));
}

function coding(
  name: string,
  decodeSync: DecodeSync,
  stream: (options: { chunkSize: number }) => ZlibStream,
): Coding {
  return {
    name,
    stream: (_start, chunkSize) => stream(ownOptions({ chunkSize })),
    decode: (bytes, limits) => decodeWith(decodeSync, bytes, limits),
  };
}

function decodeWith(decodeSync: DecodeSync, bytes: Uint8Array, limits: SyncLimits): Decoded | undefined {
  const decoded = decodeSync(bytes, ownOptions({ ...limits, info: true }));
  // A runtime that does not know `info`: what was consumed can't be checked, so it is left to the stream, which tells.
  if (decoded instanceof Uint8Array) return undefined;
  return { bytes: decoded.buffer, consumed: decoded.engine.bytesWritten };
}

/** RFC 9110 §8.4.1.2: `deflate` is zlib's format, and some servers send it without zlib's header all the same. */
function deflate(zlib: typeof Zlib): Coding {
  return {
    name: "deflate",
    stream: (start, chunkSize) =>
      hasZlibHeader(start)
        ? zlib.createInflate(ownOptions({ chunkSize }))
        : zlib.createInflateRaw(ownOptions({ chunkSize })),
    decode: (bytes, limits) =>
      decodeWith(hasZlibHeader(bytes) ? zlib.inflateSync : zlib.inflateRawSync, bytes, limits),
  };
}

/** RFC 1950 §2.2: method 8, a window of at most 32 KiB, and a check that makes the two bytes a multiple of 31. */
function hasZlibHeader([method = 0, flags = 0]: Uint8Array): boolean {
  return (method & 0x0f) === 8 && method >> 4 <= 7 && ((method << 8) | flags) % 31 === 0;
}

/** RFC 9659 §3: as a content coding, zstd's window is at most 8 MiB; otherwise a head of 12 bytes takes 128 MiB. */
const ZSTD_WINDOW_LOG = 23;

function zstd(zlib: typeof Zlib): Coding {
  const params = { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG };
  const decodeSync: DecodeSync = (bytes, options) =>
    zlib.zstdDecompressSync(bytes, ownOptions({ ...options, params }));
  const engine = coding("zstd", decodeSync, options =>
    zlib.createZstdDecompress(ownOptions({ ...options, params })),
  );
  return { ...engine, endCheck: () => new ZstdFrames() };
}

/** A zstd frame of "abc", and a skippable frame, which means nothing (RFC 8878 §3.1.2). */
const ZSTD_ABC = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x03, 0x19, 0x00, 0x00, 0x61, 0x62, 0x63);
const ZSTD_SKIPPABLE = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 0x01, 0x00, 0x00, 0x00, 0xff);

/**
 * Node 22 takes a truncated body for an empty one, and 22 and 24 stop after the first frame. So the runtime is asked,
 * not its version: zstd is used where truncation is told, and every frame read.
 */
export function decodesZstdSoundly(zlib: Pick<typeof Zlib, "zstdDecompressSync">): boolean {
  if (typeof zlib.zstdDecompressSync !== "function") return false;
  const several = Buffer.concat([ZSTD_SKIPPABLE, ZSTD_ABC, ZSTD_ABC]);
  return (
    tryDecode(zlib, several) === "abcabc" &&
    tryDecode(zlib, ZSTD_ABC.subarray(0, -1)) === undefined &&
    tryDecode(zlib, ZSTD_ABC.subarray(0, 5)) === undefined
  );
}

function tryDecode(zlib: Pick<typeof Zlib, "zstdDecompressSync">, bytes: Uint8Array): string | undefined {
  try {
    return zlib.zstdDecompressSync(bytes).toString("latin1");
  } catch {
    // That it refuses is the answer.
    return undefined;
  }
}
