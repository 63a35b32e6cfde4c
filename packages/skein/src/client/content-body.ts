import { type BodyUse, BytesBody, type RequestBody, StreamBody } from "../core/body.ts";
import { InvalidOption } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import { chunkSource } from "./chunk-source.ts";

type Chunks = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/** A file of this machine, read while it is sent, 64 KiB at a time. */
export interface FileContent {
  readonly path: string;
}

/**
 * What `content` can be. Strings, bytes, blobs, files and arrays can be sent again, for a retry or a 307; a stream can't,
 * but a function that makes one can.
 */
export type Content =
  | string
  | Uint8Array
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | FileContent
  | Chunks
  | (() => Chunks);

const utf8 = new TextEncoder();

/**
 * The body that sends `content`.
 *
 * @param name the option, for messages
 * @throws InvalidOption when it is nothing that can be sent; FileError when its file can't be read
 */
export function contentBody(content: Content, name: string, files: Files | undefined): RequestBody {
  if (typeof content === "string") return new BytesBody(utf8.encode(content));
  if (content instanceof Uint8Array) return new BytesBody(content);
  if (ArrayBuffer.isView(content))
    return new BytesBody(new Uint8Array(content.buffer, content.byteOffset, content.byteLength));
  if (content instanceof ArrayBuffer) return new BytesBody(new Uint8Array(content));
  if (typeof content === "function")
    return new StreamBody(use => asBytes(content(), name, use), { length: undefined, replayable: true });
  if (typeof content !== "object" || content === null) throw notContent(name);
  if (isBlob(content)) {
    const open = () => content.stream() as unknown as AsyncIterable<Uint8Array>;
    return new StreamBody(open, { length: content.size, replayable: true });
  }
  if ("getAll" in content)
    throw new InvalidOption(`${name}: a FormData is sent as \`multipart\`, and URLSearchParams as \`form\``);
  if (Symbol.asyncIterator in content || Symbol.iterator in content) {
    const open = (use?: BodyUse) => asBytes(content, name, use);
    if (!Array.isArray(content)) return new StreamBody(open, { length: undefined, replayable: false });
    return new StreamBody(open, { length: undefined, replayable: true });
  }
  if ("path" in content && typeof content.path === "string") return fileBody(content.path, name, files);
  throw notContent(name);
}

/** By what it can do: a Blob of another realm, or of a library, is as good. */
export function isBlob(value: object): value is Blob {
  return (
    "size" in value &&
    typeof value.size === "number" &&
    "stream" in value &&
    typeof value.stream === "function" &&
    "arrayBuffer" in value
  );
}

function fileBody(path: string, name: string, files: Files | undefined): RequestBody {
  if (files === undefined) throw new InvalidOption(`${name}: there are no files here to read "${path}" from`);
  return new StreamBody(() => files.read(path), { length: files.sizeOf(path), replayable: true });
}

async function* asBytes(chunks: Chunks, name: string, use?: BodyUse): AsyncGenerator<Uint8Array> {
  // Those of an array or of a generator that is not asynchronous are there: nobody waits for them.
  const isSync = typeof chunks !== "object" || !(Symbol.asyncIterator in chunks);
  for await (const chunk of isSync ? chunks : chunkSource(chunks, use)) {
    if (typeof chunk === "string") yield utf8.encode(chunk);
    else if (chunk instanceof Uint8Array) yield chunk;
    else throw new InvalidOption(`${name}: expected chunks of bytes or text; got ${typeof chunk}`);
  }
}

function notContent(name: string): InvalidOption {
  return new InvalidOption(
    `${name}: expected a string, bytes, a Blob, { path }, a stream or an iterable of bytes, or a function that makes one`,
  );
}
