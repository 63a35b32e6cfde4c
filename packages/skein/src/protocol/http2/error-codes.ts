/** RFC 9113 §7, and the code that goes over the wire. */
export const ERROR_CODES = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

const NAMES: readonly string[] = Object.keys(ERROR_CODES);

/** The name of a code that came over the wire; an unknown one (§7: not to be refused) in hexadecimal digits. */
export function errorCodeName(code: number): string {
  return NAMES[code] ?? `0x${code.toString(16)}`;
}

/** A rule of HTTP/2 that the peer broke. */
export interface Http2Violation {
  readonly code: ErrorCode;
  /** What it ends: the connection (§5.4.1: GOAWAY, then close) or one stream (§5.4.2: RST_STREAM). */
  readonly scope: "connection" | "stream";
  /** Of the frame; 0 when it belongs to the connection. */
  readonly streamId: number;
  /** Where, in bytes from the first that came over the connection. */
  readonly offset: number;
  /** A short clause that a person understands: `a PING frame of 7 bytes`. */
  readonly reason: string;
}
