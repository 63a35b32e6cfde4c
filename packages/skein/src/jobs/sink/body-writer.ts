import { isUtf8 } from "node:buffer";
import { hash } from "node:crypto";
import { join, relative } from "node:path";
import type { Response } from "../../entry/node.ts";
import type { BodyMode } from "../job-options.ts";
import type { BodyFile } from "../journal/journal-protocol.ts";

/** A body that is larger is a file. */
const MAX_INLINE_BYTES = 1024 * 1024;
const EMPTY_SHA256 = `"${hash("sha256", "", "hex")}"`;
const TEXT = /^text\/|[/+](?:json|xml|javascript|ecmascript|x-www-form-urlencoded|yaml|csv|graphql)\b/i;

/** What a row says of a body, as JSON. */
export interface BodyFields {
  readonly bytes: number | "null";
  readonly sha256: string;
  readonly contentType: string;
  /** `,"body":"…"`, or another of the three, or nothing. */
  readonly content: string;
}

/** What is known of a content type. */
interface ContentType {
  readonly json: string;
  readonly isText: boolean;
  readonly extension: string;
}

export interface BodyPlaces {
  readonly mode: BodyMode;
  /** Where files go. */
  readonly directory: string;
  /** What the paths in rows are relative to: the output's directory. */
  readonly base: string;
  /** Takes the files, to be written before the row that names them. */
  onFile(file: BodyFile): void;
}

/** Decides where a body goes, and says it in the row. */
export class BodyWriter {
  readonly #places: BodyPlaces;
  readonly #types = new Map<string | null, ContentType>();

  constructor(places: BodyPlaces) {
    this.#places = places;
  }

  write(response: Response): BodyFields {
    const bytes = response.bytes();
    const type = this.#typeOf(response.headers.get("content-type"));
    if (bytes.length === 0) {
      const content = this.#places.mode === "inline" ? ',"body":""' : "";
      return { bytes: 0, sha256: EMPTY_SHA256, contentType: type.json, content };
    }
    const sha256 = hash("sha256", bytes, "hex");
    const content = this.#content(bytes, type, sha256);
    return { bytes: bytes.length, sha256: `"${sha256}"`, contentType: type.json, content };
  }

  #content(bytes: Uint8Array, type: ContentType, sha256: string): string {
    const { mode } = this.#places;
    if (mode === "none") return "";
    if (mode !== "inline" || bytes.length > MAX_INLINE_BYTES)
      return this.#file(bytes, sha256 + type.extension);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // As text only what text gives back byte for byte: sha256 is then that of `body` in UTF-8.
    if (type.isText && isUtf8(buffer)) return `,"body":${JSON.stringify(buffer.toString("utf8"))}`;
    return `,"bodyBase64":"${buffer.toString("base64")}"`;
  }

  /** Named by content: no name comes from a server, and the same body is kept once. */
  #file(bytes: Uint8Array, name: string): string {
    const path = join(this.#places.directory, name.slice(0, 2), name);
    // A copy, since it goes to the journal's thread, and the bytes may be a part of a larger buffer.
    this.#places.onFile({ path, bytes: bytes.slice() });
    const shown = relative(this.#places.base, path);
    return `,"path":${JSON.stringify(process.platform === "win32" ? shown.replaceAll("\\", "/") : shown)}`;
  }

  #typeOf(value: string | null): ContentType {
    const known = this.#types.get(value);
    if (known !== undefined) return known;
    // A server that says something else each time must not fill the memory.
    if (this.#types.size >= 1_000) this.#types.clear();
    const type = {
      json: JSON.stringify(value),
      isText: value === null || value === "" || TEXT.test(value),
      extension: EXTENSIONS.get((value ?? "").split(";", 1)[0]!.trim().toLowerCase()) ?? "",
    };
    this.#types.set(value, type);
    return type;
  }
}

const EXTENSIONS = new Map([
  ["application/gzip", ".gz"],
  ["application/javascript", ".js"],
  ["application/json", ".json"],
  ["application/pdf", ".pdf"],
  ["application/xml", ".xml"],
  ["application/zip", ".zip"],
  ["audio/mpeg", ".mp3"],
  ["image/avif", ".avif"],
  ["image/gif", ".gif"],
  ["image/jpeg", ".jpg"],
  ["image/png", ".png"],
  ["image/svg+xml", ".svg"],
  ["image/webp", ".webp"],
  ["text/css", ".css"],
  ["text/csv", ".csv"],
  ["text/html", ".html"],
  ["text/javascript", ".js"],
  ["text/markdown", ".md"],
  ["text/plain", ".txt"],
  ["text/xml", ".xml"],
  ["video/mp4", ".mp4"],
]);
