import { TARGET, TOKEN } from "../http1/char-classes.ts";
import type { FrameWriter } from "./frames/frame-writer.ts";
import type { HpackEncoder } from "./hpack/hpack-encoder.ts";
import { checkText, FIELD_OVERHEAD, type RequestFields } from "./request-fields.ts";

/** The head of a request (RFC 9113 §8.3.1). */
export interface RequestHead {
  readonly streamId: number;
  /** Whether neither a body nor trailers follow. */
  readonly endStream: boolean;
  readonly method: string;
  readonly scheme: "http" | "https";
  /** Host and port, unless a `host` field says otherwise. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  readonly fields: RequestFields;
  /** Fields of this request alone, behind those that it shares with others: the length of its body, say. */
  readonly more?: RequestFields | undefined;
}

/**
 * The head of a request in a HEADERS frame, and in as many CONTINUATION frames as it takes.
 *
 * @throws FieldViolation when the method is no token, or the path or the authority is empty or holds anything but
 *   visible ASCII; then nothing was written, and the encoder is as it was
 */
export function writeRequestHead(writer: FrameWriter, encoder: HpackEncoder, head: RequestHead): void {
  const { method, path, fields } = head;
  const authority = head.more?.authority ?? fields.authority ?? head.authority;
  checkText("method", method, TOKEN);
  checkText("target", path, TARGET);
  checkText("authority", authority, TARGET);
  writer.beginHeaders(head.streamId, head.endStream);
  encoder.begin(writer);
  encoder.field(":method", method, "indexed");
  // §8.5: who asks for a tunnel names no more than its other end.
  if (method !== "CONNECT") {
    encoder.field(":scheme", head.scheme, "indexed");
    encoder.field(":path", path, "plain");
  }
  encoder.field(":authority", authority, "indexed");
  encoder.fields(fields);
  if (head.more !== undefined) encoder.oneOff(head.more);
  writer.endHeaders();
}

/** What the head counts for the server's SETTINGS_MAX_HEADER_LIST_SIZE (RFC 9113 §6.5.2). */
export function listSizeOf({ method, scheme, path, fields, more, ...head }: RequestHead): number {
  const authority = more?.authority ?? fields.authority ?? head.authority;
  const pseudo: [string, string][] = [
    [":method", method],
    [":authority", authority],
  ];
  if (method !== "CONNECT") pseudo.push([":scheme", scheme], [":path", path]);
  const own = pseudo.reduce((sum, [name, value]) => sum + name.length + value.length + FIELD_OVERHEAD, 0);
  return own + fields.listSize + (more?.listSize ?? 0);
}

/** The trailers of a request, which end its stream (RFC 9113 §8.1). */
export function writeTrailers(
  writer: FrameWriter,
  encoder: HpackEncoder,
  { streamId, fields }: Trailers,
): void {
  writer.beginHeaders(streamId, true);
  encoder.begin(writer);
  encoder.oneOff(fields);
  writer.endHeaders();
}

export type Trailers = Pick<RequestHead, "streamId" | "fields">;
