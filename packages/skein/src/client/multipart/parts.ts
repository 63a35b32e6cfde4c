import { BytesBody, type RequestBody } from "../../core/body.ts";
import { InvalidOption } from "../../core/errors.ts";
import type { Files } from "../../core/files.ts";
import type { HeadersInit } from "../../core/headers.ts";
import { checkNames } from "../../core/option-names.ts";
import { type Content, contentBody, isBlob } from "../content-body.ts";
import { mediaTypeOf } from "./media-type.ts";
import { encodePartHead } from "./part-head.ts";

/** A part that says more than its content. */
export interface MultipartPart {
  /** Either this … */
  content?: Content;
  /** … or the path of a file, which is read while it is sent. */
  path?: string;
  /** Default: the file's own name; `blob` for bytes and streams, as browsers have it; none for text. `null`: none. */
  filename?: string | null;
  /** Its media type. Default: the Blob's own, what the filename tells, or `application/octet-stream`; none for text. */
  type?: string;
  /** More header fields of this part. */
  headers?: HeadersInit;
}

/** Text, bytes, a Blob or File, a stream or a function that makes one; or a part with its filename and type. */
export type MultipartValue = string | number | boolean | null | undefined | Content | MultipartPart;

/** What `multipart` can be: a FormData, pairs, or an object, where an array repeats the name and `null` drops it. */
export type Multipart =
  | FormData
  | Iterable<readonly [name: string, value: MultipartValue]>
  | Readonly<Record<string, MultipartValue | readonly MultipartValue[]>>;

export interface Part {
  /** Its header fields, with the empty line behind them. */
  readonly head: string;
  readonly body: RequestBody;
}

const PART_NAMES = ["content", "path", "filename", "type", "headers"] as const;

/**
 * The parts of a multipart body.
 *
 * @throws InvalidOption naming the part that can't be sent; FileError when its file can't be read
 */
export function partsOf(multipart: Multipart, files: Files | undefined): Part[] {
  if (typeof multipart !== "object" || multipart === null)
    throw new InvalidOption("multipart: expected a FormData, pairs, or an object");
  const isFormData = "getAll" in multipart && typeof multipart.getAll === "function";
  const entries = Symbol.iterator in multipart ? multipart : Object.entries(multipart);
  const parts: Part[] = [];
  for (const [name, given] of entries as Iterable<readonly [unknown, MultipartValue]>) {
    if (typeof name !== "string")
      throw new InvalidOption(`multipart: expected pairs of name and value; the name is ${typeof name}`);
    for (const value of Array.isArray(given) ? given : [given]) {
      if (value === null || value === undefined) continue;
      parts.push(isFormData ? formDataPart(name, value) : partOf(name, value, files));
    }
  }
  return parts;
}

/** As browsers send it: each end of a line in names and texts is CRLF. A FormData holds texts and Files only. */
function formDataPart(name: string, value: string | Blob): Part {
  const text = typeof value === "string" ? withCrlf(value) : value;
  return partOf(withCrlf(name), text, undefined);
}

function withCrlf(text: string): string {
  return text.replace(/\r\n|\r|\n/g, "\r\n");
}

function partOf(name: string, value: NonNullable<MultipartValue>, files: Files | undefined): Part {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return textPart(name, String(value));
  if (isPart(value)) return describedPart(name, value, files);
  return describedPart(name, { content: value as Content }, files);
}

function isPart(value: unknown): value is MultipartPart {
  if (typeof value !== "object" || value === null) return false;
  if ("path" in value && typeof value.path === "string") return !isIterable(value);
  return "content" in value && !isIterable(value) && !isBlob(value);
}

/** A Node stream of a file has a `path` too. */
function isIterable(value: object): boolean {
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

function textPart(name: string, text: string): Part {
  const head = encodePartHead({ name, filename: undefined, type: undefined, headers: undefined });
  return { head, body: new BytesBody(new TextEncoder().encode(text)) };
}

function describedPart(name: string, part: MultipartPart, files: Files | undefined): Part {
  const where = `multipart ${JSON.stringify(name)}`;
  checkNames(part, PART_NAMES, where);
  if ((part.content === undefined) === (part.path === undefined))
    throw new InvalidOption(`${where}: give either content or path`);
  for (const key of ["filename", "type"] as const)
    if (typeof (part[key] ?? "") !== "string") throw new InvalidOption(`${where}: ${key}: expected a string`);
  const content = part.content ?? { path: part.path! };
  const filename = part.filename === undefined ? filenameOf(content) : (part.filename ?? undefined);
  const type = part.type ?? typeOf(content, filename);
  return {
    head: encodePartHead({ name, filename, type, headers: part.headers }),
    body: contentBody(content, where, files),
  };
}

function filenameOf(content: Content): string | undefined {
  if (typeof content === "string") return undefined;
  if (typeof content !== "object") return "blob";
  if ("name" in content && typeof content.name === "string") return content.name;
  if ("path" in content && typeof content.path === "string") return content.path.replace(/^.*[\\/]/s, "");
  return "blob";
}

function typeOf(content: Content, filename: string | undefined): string | undefined {
  if (typeof content === "object" && "type" in content && isBlob(content) && content.type !== "")
    return content.type;
  if (filename !== undefined && !(typeof content === "object" && isBlob(content)))
    return mediaTypeOf(filename);
  return typeof content === "string" ? undefined : "application/octet-stream";
}
