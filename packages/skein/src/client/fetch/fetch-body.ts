import { type BodyUse, BytesBody, type RequestBody, StreamBody } from "../../core/body.ts";
import { chunkSource } from "../chunk-source.ts";
import { isBlob } from "../content-body.ts";
import { encodeMultipart } from "../multipart/multipart-body.ts";

/** A body, and the content-type that it brings along (Fetch standard, "extract a body"). */
export interface ExtractedBody {
  readonly body: RequestBody;
  readonly type: string | undefined;
}

type ByteStream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

const utf8 = new TextEncoder();

/**
 * The body of a fetch. What it is is told by what it can do, never by its class: those of polyfills, of other realms and
 * of other installed copies are as good as the platform's.
 *
 * @param length the content-length that the caller has set, which a stream can't tell by itself
 * @throws TypeError when it is a stream, and `duplex: "half"` does not say that this is known
 */
export function extractBody(source: unknown, duplex: unknown, length: number | undefined): ExtractedBody {
  if (typeof source !== "object" || source === null) return text(String(source), "text/plain;charset=UTF-8");
  if (ArrayBuffer.isView(source))
    return bytes(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  if (isArrayBuffer(source)) return bytes(new Uint8Array(source));
  if (isSearchParams(source))
    return text(source.toString(), "application/x-www-form-urlencoded;charset=UTF-8");
  if (isFormData(source)) return encodeMultipart(source, { files: undefined, type: null });
  if (isBlob(source)) return blob(source);
  if (isByteStream(source)) return { body: streamBody(source, duplex, length), type: undefined };
  return text(String(source), "text/plain;charset=UTF-8");
}

function text(value: string, type: string): ExtractedBody {
  return { body: new BytesBody(utf8.encode(value)), type };
}

/** A copy: the caller may write into its own before it is sent. */
function bytes(source: Uint8Array): ExtractedBody {
  return { body: new BytesBody(source.slice()), type: undefined };
}

function blob(source: Blob): ExtractedBody {
  const open = () => source.stream() as unknown as AsyncIterable<Uint8Array>;
  return {
    body: new StreamBody(open, { length: source.size, replayable: true }),
    type: source.type === "" ? undefined : source.type,
  };
}

function streamBody(source: ByteStream, duplex: unknown, length: number | undefined): RequestBody {
  if (duplex !== "half")
    throw new TypeError('RequestInit: duplex option is required ("half") when sending a stream');
  if ("locked" in source && source.locked)
    throw new TypeError("Response body object should not be disturbed or locked");
  return new StreamBody(use => chunksOf(source, use), { length, replayable: false });
}

/** How much of a Request's body is looked at, to tell a body from a stream. */
const MOST_AHEAD = 256 * 1024;

/**
 * The body of a Request, of which only a stream can be seen, also where it was made from a string. What is there at once is
 * a body in memory, and is sent with its length, as many servers need it; else it is sent as it comes.
 */
export async function requestBody(stream: ReadableStream<Uint8Array>): Promise<RequestBody> {
  const reader = stream.getReader();
  const ahead: Uint8Array[] = [];
  let size = 0;
  while (size < MOST_AHEAD) {
    const next = reader.read();
    const read = await Promise.race([next, afterThisTurn()]);
    if (read === "later")
      return new StreamBody(use => joined(ahead, { next, reader, use }), {
        length: undefined,
        replayable: false,
      });
    if (read.done) return new BytesBody(concat(ahead, size));
    ahead.push(read.value);
    size += read.value.length;
  }
  return new StreamBody(use => joined(ahead, { next: reader.read(), reader, use }), {
    length: undefined,
    replayable: false,
  });
}

function afterThisTurn(): Promise<"later"> {
  return new Promise(resolve => setTimeout(resolve, 0, "later"));
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

interface Rest {
  /** The read that is under way. */
  readonly next: ReturnType<Reader["read"]>;
  readonly reader: Reader;
  readonly use: BodyUse | undefined;
}

async function* joined(
  ahead: readonly Uint8Array[],
  { next, reader, use }: Rest,
): AsyncGenerator<Uint8Array> {
  let ended = false;
  const giveUp = () => void reader.cancel("the request ended").catch(() => undefined);
  if (use !== undefined) use.onAbandon = giveUp;
  try {
    yield* ahead;
    for (let read = await next; !read.done; read = await reader.read()) yield requireBytes(read.value);
    ended = true;
  } finally {
    if (!ended) giveUp();
  }
}

function concat(chunks: readonly Uint8Array[], size: number): Uint8Array {
  if (chunks.length === 1) return requireBytes(chunks[0]);
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(requireBytes(chunk), offset);
    offset += chunk.length;
  }
  return whole;
}

async function* chunksOf(source: ByteStream, use: BodyUse | undefined): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunkSource(source, use)) yield requireBytes(chunk);
}

/** Fetch standard: a stream of anything but bytes fails the fetch. */
function requireBytes(chunk: unknown): Uint8Array {
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  throw new TypeError(`the body's stream gave ${typeof chunk}, not bytes`);
}

function isArrayBuffer(value: object): value is ArrayBuffer {
  const tag = tagOf(value);
  return tag === "ArrayBuffer" || tag === "SharedArrayBuffer";
}

function isSearchParams(value: object): value is URLSearchParams {
  return tagOf(value) === "URLSearchParams";
}

function isFormData(value: object): value is FormData {
  return tagOf(value) === "FormData" || ("getAll" in value && "append" in value && Symbol.iterator in value);
}

function isByteStream(value: object): value is ByteStream {
  return ("getReader" in value && typeof value.getReader === "function") || Symbol.asyncIterator in value;
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
