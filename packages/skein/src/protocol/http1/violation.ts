/** Which rule an answer broke; `violation.detail` says how. */
export type ViolationCode =
  /** Not `HTTP/1.0` or `HTTP/1.1`, or no status of three digits, or a control in the reason phrase. */
  | "status-line"
  /** A field line that is no field line: folded, bare CR or LF, space before the colon, a control … */
  | "field"
  | "head-too-large"
  | "too-many-fields"
  | "content-length"
  | "transfer-encoding"
  | "chunk-size"
  | "chunk-extension"
  | "chunk-extension-too-long"
  /** No CRLF where the data of a chunk should end. */
  | "chunk-end"
  | "trailer"
  | "trailers-too-large"
  /** An interim answer that can't be followed by another one. */
  | "interim"
  | "too-many-interim"
  /** Bytes when no answer was due. */
  | "unexpected-bytes"
  /** A 101, which nobody had asked for. */
  | "upgrade"
  /** The peer closed before the first byte of an answer. */
  | "closed"
  /** The peer closed after the first byte, before the end of the head. */
  | "cut-head"
  /** The peer closed inside the body. */
  | "cut-body";

export interface Violation {
  readonly code: ViolationCode;
  /** Where, in bytes from the first byte of this answer (its interim answers are part of it). */
  readonly offset: number;
  /** A short clause that a person understands: `content-length "3, 3" is not a number`. */
  readonly detail: string;
}

/** A violation whose place is not known yet. */
export interface Fault {
  readonly code: ViolationCode;
  readonly detail: string;
}

/** What a scanner returns in the place of a position: the bytes ended before what it looks for did. */
export const NEED_MORE = -1;
/** What a scanner returns in the place of a position: its `fault` says why. */
export const FAULTY = -2;
