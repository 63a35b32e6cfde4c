import type { ErrorCode } from "../error-codes.ts";
import type { FrameHeader } from "./frame-header.ts";
import {
  ACK,
  CONTINUATION,
  DATA,
  frameName,
  GOAWAY,
  HAS_PRIORITY,
  HEADERS,
  LARGEST_MAX_FRAME_SIZE,
  LARGEST_WINDOW,
  LEAST_MAX_FRAME_SIZE,
  PADDED,
  PING,
  PRIORITY,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  SETTINGS_IDS,
  WINDOW_UPDATE,
} from "./frame-types.ts";

/** What a frame did wrong; the reader knows where. */
export interface FrameFault {
  readonly code: ErrorCode;
  readonly scope: "connection" | "stream";
  readonly reason: string;
}

export function connectionFault(code: ErrorCode, reason: string): FrameFault {
  return { code, scope: "connection", reason };
}

/**
 * What is wrong with a frame as its header alone shows: its stream and its size, by type (RFC 9113 §6). Nothing is wrong
 * with a type that we don't know (§4.1), whatever its stream.
 */
export function checkFrameHeader(header: FrameHeader): FrameFault | undefined {
  switch (header.type) {
    case DATA:
    case HEADERS:
      return onStream(header) ?? atLeast(header, leastBytes(header));
    case CONTINUATION:
      return onStream(header);
    case PRIORITY:
      if (header.streamId === 0) return onStream(header);
      // §6.3: of all wrong sizes, the only one that ends no more than a stream.
      return header.length === 5 ? undefined : { ...wrongSize(header), scope: "stream" };
    case RST_STREAM:
      return onStream(header) ?? exactly(header, 4);
    case WINDOW_UPDATE:
      return exactly(header, 4);
    case PING:
      return onConnection(header) ?? exactly(header, 8);
    case GOAWAY:
      return onConnection(header) ?? atLeast(header, 8);
    case SETTINGS:
      return onConnection(header) ?? checkSettingsSize(header);
    case PUSH_PROMISE:
      // §8.4: SETTINGS_ENABLE_PUSH is 0 from the first byte we send.
      return connectionFault("PROTOCOL_ERROR", "a PUSH_PROMISE frame, though push is off");
    default:
      return undefined;
  }
}

/** What the fields in front of the payload take: how much is padded, and the priority. */
function leastBytes(header: FrameHeader): number {
  return (header.has(PADDED) ? 1 : 0) + (header.type === HEADERS && header.has(HAS_PRIORITY) ? 5 : 0);
}

function checkSettingsSize(header: FrameHeader): FrameFault | undefined {
  if (header.has(ACK)) return exactly(header, 0);
  return header.length % 6 === 0 ? undefined : wrongSize(header);
}

function onStream({ type, streamId }: FrameHeader): FrameFault | undefined {
  if (streamId !== 0) return undefined;
  return connectionFault("PROTOCOL_ERROR", `a ${frameName(type)} frame on stream 0`);
}

function onConnection({ type, streamId }: FrameHeader): FrameFault | undefined {
  if (streamId === 0) return undefined;
  return connectionFault("PROTOCOL_ERROR", `a ${frameName(type)} frame on stream ${streamId}`);
}

function exactly(header: FrameHeader, length: number): FrameFault | undefined {
  return header.length === length ? undefined : wrongSize(header);
}

function atLeast(header: FrameHeader, length: number): FrameFault | undefined {
  return header.length >= length ? undefined : wrongSize(header);
}

function wrongSize({ type, length }: FrameHeader): FrameFault {
  return connectionFault("FRAME_SIZE_ERROR", `a ${frameName(type)} frame of ${length} bytes`);
}

/** What is wrong with the value of a setting that a server sends (RFC 9113 §6.5.2, RFC 8441 §3). */
export function checkSetting(id: number, value: number): FrameFault | undefined {
  switch (id) {
    case SETTINGS_IDS.ENABLE_PUSH:
      // A server does not push to itself: 1 is as wrong as 2.
      return value === 0 ? undefined : wrongSetting("ENABLE_PUSH", value);
    case SETTINGS_IDS.INITIAL_WINDOW_SIZE:
      if (value <= LARGEST_WINDOW) return undefined;
      return { ...wrongSetting("INITIAL_WINDOW_SIZE", value), code: "FLOW_CONTROL_ERROR" };
    case SETTINGS_IDS.MAX_FRAME_SIZE:
      if (value >= LEAST_MAX_FRAME_SIZE && value <= LARGEST_MAX_FRAME_SIZE) return undefined;
      return wrongSetting("MAX_FRAME_SIZE", value);
    case SETTINGS_IDS.ENABLE_CONNECT_PROTOCOL:
      return value <= 1 ? undefined : wrongSetting("ENABLE_CONNECT_PROTOCOL", value);
    default:
      return undefined;
  }
}

function wrongSetting(name: string, value: number): FrameFault {
  return connectionFault("PROTOCOL_ERROR", `SETTINGS_${name} is ${value}`);
}
