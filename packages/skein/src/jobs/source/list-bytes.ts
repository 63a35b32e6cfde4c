import { createReadStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { JobError } from "../job-error.ts";
import { type Packing, packingOf, unpacked } from "./unpacked.ts";

const CHUNK_BYTES = 16 * 1024;
/** Enough to tell what a file is. */
const MAGIC_BYTES = 4;

/** The bytes of a list, unpacked where it is packed. Offsets count unpacked bytes. */
export interface ListBytes {
  readonly name: string;
  /** Whether `chunks` may be called more than once, and from anywhere. */
  readonly seekable: boolean;
  chunks(offset: number): AsyncGenerator<Buffer>;
  /** Changes whenever the content may have changed; undefined when only reading tells. */
  fingerprint(): Promise<string | undefined>;
  /** How many bytes there are; undefined where only reading tells. */
  size(): Promise<number | undefined>;
}

/** A file; packed by gzip, zstd or brotli where its first bytes or its name say so. */
export function fileBytes(path: string): ListBytes {
  return {
    name: path,
    seekable: true,
    chunks: offset => fileChunks(path, offset),
    fingerprint: () => fingerprint(path),
    size: () => sizeOf(path),
  };
}

/** A stream, which is read once and from its start. */
export function streamBytes(readable: AsyncIterable<Uint8Array | string>, name: string): ListBytes {
  return {
    name,
    seekable: false,
    chunks: () => streamChunks(readable, name),
    fingerprint: async () => undefined,
    size: async () => undefined,
  };
}

async function* fileChunks(path: string, offset: number): AsyncGenerator<Buffer> {
  const file = await openList(path);
  try {
    const start = await readChunk(file, { position: 0, length: MAGIC_BYTES, path });
    const packing = packingOf(start, path);
    if (packing === undefined) yield* plainChunks(file, path, offset);
    else yield* unpacked(createReadStream(path), { packing, name: path, offset });
  } finally {
    await file.close();
  }
}

async function* plainChunks(file: FileHandle, path: string, offset: number): AsyncGenerator<Buffer> {
  for (let position = offset; ; ) {
    const chunk = await readChunk(file, { position, length: CHUNK_BYTES, path });
    if (chunk.length === 0) return;
    position += chunk.length;
    yield chunk;
  }
}

async function openList(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

interface ChunkPlace {
  readonly position: number;
  readonly length: number;
  readonly path: string;
}

async function readChunk(file: FileHandle, { position, length, path }: ChunkPlace): Promise<Buffer> {
  try {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function fingerprint(path: string): Promise<string> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return `${size}:${mtimeMs}:${ino}`;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  const file = await openList(path);
  try {
    const start = await readChunk(file, { position: 0, length: MAGIC_BYTES, path });
    return packingOf(start, path) === undefined ? (await file.stat()).size : undefined;
  } finally {
    await file.close();
  }
}

async function* streamChunks(
  readable: AsyncIterable<Uint8Array | string>,
  name: string,
): AsyncGenerator<Buffer> {
  const chunks = buffersOf(readable, name);
  const { start, packing } = await beginningOf(chunks, name);
  if (packing === undefined) {
    if (start.length > 0) yield start;
    yield* chunks;
  } else {
    yield* unpacked(joined(start, chunks), { packing, name, offset: 0 });
  }
}

/** Reads until it is known whether the stream is packed. */
async function beginningOf(
  chunks: AsyncGenerator<Buffer>,
  name: string,
): Promise<{ start: Buffer; packing: Packing | undefined }> {
  let start = Buffer.alloc(0);
  while (start.length < MAGIC_BYTES && mayBePacked(start)) {
    const { done, value } = await chunks.next();
    if (done) break;
    start = Buffer.concat([start, value]);
  }
  return { start, packing: packingOf(start, name) };
}

/** A line that was typed must not wait for further bytes. */
function mayBePacked(start: Buffer): boolean {
  return start.length === 0 || start[0] === 0x1f || start[0] === 0x28;
}

async function* joined(start: Buffer, chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield start;
  yield* chunks;
}

async function* buffersOf(
  readable: AsyncIterable<Uint8Array | string>,
  name: string,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of readable) {
      yield typeof chunk === "string"
        ? Buffer.from(chunk)
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new JobError("SOURCE_UNREADABLE", `can't read the list ${name}: ${reason}`, { cause, path: name });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
};

function unreadable(path: string, cause: unknown): JobError {
  if (cause instanceof JobError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const reason = REASONS[code ?? ""] ?? message;
  return new JobError("SOURCE_UNREADABLE", `can't read the list ${path}: ${reason}`, {
    cause,
    path,
    resumable: true,
  });
}
