import type { FieldList } from "../hpack/field-list.ts";
import type { BlockVerdict, HpackDecoder } from "../hpack/hpack-decoder.ts";
import { BytePieces } from "./byte-pieces.ts";
import { FrameCounts } from "./frame-counts.ts";
import { FrameHeader, readUint32 } from "./frame-header.ts";
import { checkFrameHeader, checkSetting, connectionFault, type FrameFault } from "./frame-rules.ts";
import type { FrameSink } from "./frame-sink.ts";
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  FRAME_HEADER_BYTES,
  frameName,
  GOAWAY,
  HAS_PRIORITY,
  HEADERS,
  LEAST_MAX_FRAME_SIZE,
  PADDED,
  PING,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from "./frame-types.ts";

/** What the reader needs of a decoder of header blocks. */
export type BlockDecoder = Pick<HpackDecoder, "decode" | "fields" | "fault">;

export interface FrameReaderLimits {
  /** What our SETTINGS_MAX_FRAME_SIZE says. Default: 16,384 bytes. */
  readonly maxFrameSize: number;
  /** Of a header block as it comes, encoded, in all its frames. Default: 262,144 bytes. */
  readonly maxBlockBytes: number;
  /** CONTINUATION frames of a header block. Default: 64. */
  readonly maxContinuations: number;
}

const DEFAULT_LIMITS: FrameReaderLimits = {
  maxFrameSize: LEAST_MAX_FRAME_SIZE,
  maxBlockBytes: 262_144,
  maxContinuations: 64,
};

/**
 * What the next byte is part of: the nine bytes of a frame's header; data, which is handed out as it comes; a payload
 * that is read when all of it is there; or one that is passed over.
 */
type ReaderState = "header" | "data" | "payload" | "skip" | "dead";

/**
 * Reads the frames that a server sends (RFC 9113 §4–§6): bytes as they come, in any pieces. It checks all that can be
 * told from the frames alone, keeps nothing of a body, copies only what comes in pieces, and allocates nothing a frame.
 */
export class FrameReader {
  readonly counts: FrameCounts = new FrameCounts();
  /** The frame at hand. */
  readonly frame: FrameHeader = new FrameHeader();
  /** In `onData`: how many bytes of the windows this piece takes. */
  flowControlled = 0;
  /** In `onData`: whether the stream ends behind this piece. */
  endStream = false;
  readonly #sink: FrameSink;
  readonly #decoder: BlockDecoder;
  readonly #limits: FrameReaderLimits;
  #state: ReaderState = "header";
  /** SETTINGS must come first (§3.4). */
  #greeted = false;
  /** A header that comes in pieces. */
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES);
  #headerLength = 0;
  /** Of the payload: what is still to come. */
  #remaining = 0;
  /** Of the DATA frame at hand; -1: its length is the next byte. */
  #padding = 0;
  /** A payload that comes in pieces. */
  readonly #payload = new BytePieces();
  /** A header block in several frames; its stream, or 0 when none is open. */
  readonly #block = new BytePieces();
  #blockStream = 0;
  #blockEndsStream = false;
  #continuations = 0;
  /** Bytes of this connection before the present read. */
  #received = 0;
  /** Where the frame at hand began, in bytes of this connection. */
  #frameOffset = 0;

  constructor(sink: FrameSink, decoder: BlockDecoder, limits: Partial<FrameReaderLimits> = {}) {
    this.#sink = sink;
    this.#decoder = decoder;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
  }

  /** In `onHeaders`: the fields, valid until the next block. */
  get fields(): FieldList {
    return this.#decoder.fields;
  }

  /** Whether a frame, or a header block, has begun and not ended: the connection may not end here. */
  get isInside(): boolean {
    return (
      this.#headerLength > 0 ||
      this.#blockStream !== 0 ||
      !(this.#state === "header" || this.#state === "dead")
    );
  }

  /** Ignores everything from here on, the rest of the present read as well. */
  stop(): void {
    this.#state = "dead";
  }

  /** Reads `bytes[start, end)`, which came from the peer. */
  receive(bytes: Uint8Array, start: number, end: number): void {
    // Positions in this read become offsets in the connection.
    this.#received -= start;
    let at = start;
    while (at < end) at = this.#readSome(bytes, at, end);
    this.#received += end;
  }

  /** Reads on from `start`, in the present state. Returns where to go on. */
  #readSome(bytes: Uint8Array, start: number, end: number): number {
    switch (this.#state) {
      case "header":
        return this.#readHeader(bytes, start, end);
      case "data":
        return this.#readData(bytes, start, end);
      case "payload":
        return this.#readPayload(bytes, start, end);
      case "skip":
        return this.#skip(start, end);
      case "dead":
        return end;
    }
  }

  #readHeader(bytes: Uint8Array, start: number, end: number): number {
    const before = this.#headerLength;
    const stop = Math.min(end, start + FRAME_HEADER_BYTES - before);
    if (before === 0) this.#frameOffset = this.#received + start;
    if (stop - start === FRAME_HEADER_BYTES) {
      this.#startFrame(bytes, start);
      return stop;
    }
    for (let i = start; i < stop; i++) this.#header[before + i - start] = bytes[i]!;
    this.#headerLength = before + stop - start;
    if (this.#headerLength === FRAME_HEADER_BYTES) {
      this.#headerLength = 0;
      this.#startFrame(this.#header, 0);
    }
    return stop;
  }

  #startFrame(bytes: Uint8Array, at: number): void {
    const { frame } = this;
    frame.read(bytes, at);
    this.#remaining = frame.length;
    this.counts.count(frame.type);
    const fault = this.#greeted ? this.#checkFrame() : this.#checkFirstFrame(bytes, at);
    if (frame.type === DATA) this.#startData();
    else this.#state = fault === undefined && isRead(frame.type) ? "payload" : "skip";
    if (fault !== undefined) this.#fail(fault);
    // No byte is to follow that would bring it.
    if (frame.length === 0) this.#readSome(bytes, at, at);
  }

  #checkFirstFrame(bytes: Uint8Array, at: number): FrameFault | undefined {
    this.#greeted = true;
    if (this.frame.type === SETTINGS && !this.frame.has(ACK)) return this.#checkFrame();
    const what = startsAsHttp1(bytes, at) ? "an HTTP/1 answer" : `a ${frameName(this.frame.type)} frame`;
    return connectionFault("PROTOCOL_ERROR", `the server begins with ${what}, not with SETTINGS`);
  }

  #checkFrame(): FrameFault | undefined {
    if (this.frame.length > this.#limits.maxFrameSize) {
      return connectionFault(
        "FRAME_SIZE_ERROR",
        `a ${frameName(this.frame.type)} frame of ${this.frame.length} bytes`,
      );
    }
    if (this.#blockStream !== 0 || this.frame.type === CONTINUATION) {
      const fault = this.#checkContinuity();
      if (fault !== undefined) return fault;
    }
    return checkFrameHeader(this.frame);
  }

  /** §6.10: between the frames of a header block may come no other. */
  #checkContinuity(): FrameFault | undefined {
    if (
      this.frame.type === CONTINUATION &&
      this.#blockStream !== 0 &&
      this.frame.streamId === this.#blockStream
    ) {
      this.#continuations += 1;
      if (this.#continuations <= this.#limits.maxContinuations) return undefined;
      return connectionFault("ENHANCE_YOUR_CALM", "a header block in more frames than anyone needs");
    }
    const where =
      this.#blockStream === 0 ? "no header block" : `the header block of stream ${this.#blockStream}`;
    const reason = `a ${frameName(this.frame.type)} frame on stream ${this.frame.streamId}, inside ${where}`;
    return connectionFault("PROTOCOL_ERROR", reason);
  }

  #skip(start: number, end: number): number {
    const stop = Math.min(end, start + this.#remaining);
    this.#remaining -= stop - start;
    if (this.#remaining === 0) this.#state = "header";
    return stop;
  }

  // ── DATA ──

  #startData(): void {
    this.#state = "data";
    this.#padding = this.frame.has(PADDED) ? -1 : 0;
  }

  #readData(bytes: Uint8Array, start: number, end: number): number {
    let from = start;
    if (this.#padding < 0 && start < end) {
      this.#padding = bytes[from++]!;
      this.#remaining -= 1;
      if (this.#padding > this.#remaining) return this.#failPadding(end);
    }
    const to = Math.min(end, from + this.#remaining - Math.max(0, this.#padding));
    const stop = Math.min(end, from + this.#remaining);
    this.#remaining -= stop - from;
    if (this.#remaining === 0) this.#state = "header";
    this.flowControlled = stop - start;
    this.endStream = this.#remaining === 0 && this.frame.has(END_STREAM);
    this.#countEmpty();
    this.#sink.onData(bytes, from, to);
    return stop;
  }

  #countEmpty(): void {
    if (this.#remaining > 0 || this.endStream) return;
    const overhead = !this.frame.has(PADDED) ? 0 : 1 + this.#padding;
    if (this.frame.length === overhead) this.counts.emptyData += 1;
  }

  #failPadding(end: number): number {
    const reason = `a ${frameName(this.frame.type)} frame with more padding than payload`;
    this.#fail(connectionFault("PROTOCOL_ERROR", reason));
    return end;
  }

  // ── frames that are read as a whole ──

  #readPayload(bytes: Uint8Array, start: number, end: number): number {
    const stop = Math.min(end, start + this.#remaining);
    this.#remaining -= stop - start;
    const { length } = this.#payload;
    if (length === 0 && this.#remaining === 0) {
      this.#takeFrame(bytes, start, stop);
      return stop;
    }
    this.#payload.append(bytes, start, stop);
    if (this.#remaining === 0) {
      this.#takeFrame(this.#payload.bytes, 0, this.frame.length);
      this.#payload.clear();
    }
    return stop;
  }

  #takeFrame(bytes: Uint8Array, start: number, end: number): void {
    // Before the sink is called: it may stop the reader.
    this.#state = "header";
    switch (this.frame.type) {
      case HEADERS:
        return this.#takeHeaders(bytes, start, end);
      case CONTINUATION:
        return this.#takeFragment(bytes, start, end);
      case RST_STREAM:
        return this.#sink.onReset(this.frame.streamId, readUint32(bytes, start));
      case SETTINGS:
        return this.#takeSettings(bytes, start, end);
      case PING:
        return this.#takePing(readUint32(bytes, start), readUint32(bytes, start + 4));
      case GOAWAY: {
        const lastStreamId = readUint32(bytes, start) & 0x7fffffff;
        return this.#sink.onGoaway(
          lastStreamId,
          readUint32(bytes, start + 4),
          bytes.subarray(start + 8, end),
        );
      }
      case WINDOW_UPDATE:
        return this.#takeWindowUpdate(readUint32(bytes, start) & 0x7fffffff);
    }
  }

  #takeHeaders(bytes: Uint8Array, start: number, end: number): void {
    const isPadded = this.frame.has(PADDED);
    // §5.3.2: what a priority says has no meaning any more, not even when a stream depends on itself.
    const from = start + (isPadded ? 1 : 0) + (!this.frame.has(HAS_PRIORITY) ? 0 : 5);
    const to = end - (isPadded ? bytes[start]! : 0);
    if (to < from) {
      this.#failPadding(end);
      return;
    }
    this.#blockEndsStream = this.frame.has(END_STREAM);
    this.#continuations = 0;
    this.#takeFragment(bytes, from, to);
  }

  #takeFragment(bytes: Uint8Array, start: number, end: number): void {
    if (start === end) this.counts.emptyHeaders += 1;
    const isLast = this.frame.has(END_HEADERS);
    if (isLast && this.#blockStream === 0) return this.#takeBlock(bytes, start, end);
    if (this.#block.length + end - start > this.#limits.maxBlockBytes) {
      const reason = `a header block of more than ${this.#limits.maxBlockBytes} bytes`;
      return this.#fail(connectionFault("ENHANCE_YOUR_CALM", reason));
    }
    this.#blockStream = this.frame.streamId;
    this.#block.append(bytes, start, end);
    if (!isLast) return;
    this.#blockStream = 0;
    this.#takeBlock(this.#block.bytes, 0, this.#block.length);
    this.#block.clear();
  }

  #takeBlock(bytes: Uint8Array, start: number, end: number): void {
    const verdict = this.#decoder.decode(bytes, start, end);
    if (verdict === "ok") this.#sink.onHeaders(this.frame.streamId, this.#blockEndsStream);
    else this.#fail(this.#blockFault(verdict));
  }

  #blockFault(verdict: Exclude<BlockVerdict, "ok">): FrameFault {
    switch (verdict) {
      case "malformed":
        return connectionFault("COMPRESSION_ERROR", this.#decoder.fault);
      case "excessive":
        return connectionFault("ENHANCE_YOUR_CALM", "headers many times larger than the limit");
      case "too-large":
        return {
          code: "ENHANCE_YOUR_CALM",
          scope: "stream",
          reason: "headers larger, or more of them, than the limit",
        };
    }
  }

  #takeSettings(bytes: Uint8Array, start: number, end: number): void {
    if (this.frame.has(ACK)) return this.#sink.onSettingsAck();
    for (let at = start; at < end; at += 6) {
      const id = (bytes[at]! << 8) | bytes[at + 1]!;
      const value = readUint32(bytes, at + 2);
      const fault = checkSetting(id, value);
      if (fault !== undefined) return this.#fail(fault);
      this.#sink.onSetting(id, value);
      if (this.#state === "dead") return;
    }
    this.#sink.onSettingsEnd();
  }

  #takePing(high: number, low: number): void {
    if (!this.frame.has(ACK)) this.#sink.onPing(high, low);
    else this.#sink.onPingAck(high, low);
  }

  /** §6.9: an increment of 0 is an error of the stream, or of the connection when it is for its window. */
  #takeWindowUpdate(increment: number): void {
    if (increment > 0) return this.#sink.onWindowUpdate(this.frame.streamId, increment);
    const scope = this.frame.streamId === 0 ? "connection" : "stream";
    this.#fail({ code: "PROTOCOL_ERROR", scope, reason: "a WINDOW_UPDATE frame with an increment of 0" });
  }

  #fail({ code, scope, reason }: FrameFault): void {
    if (scope === "connection") this.#state = "dead";
    this.#sink.onError({ code, scope, streamId: this.frame.streamId, offset: this.#frameOffset, reason });
  }
}

/** Types whose payload means something to us. */
function isRead(type: number): boolean {
  switch (type) {
    case HEADERS:
    case RST_STREAM:
    case SETTINGS:
    case PING:
    case GOAWAY:
    case WINDOW_UPDATE:
    case CONTINUATION:
      return true;
    default:
      return false;
  }
}

/** `HTTP/1.x` */
function startsAsHttp1(bytes: Uint8Array, at: number): boolean {
  return [..."HTTP/1."].every((character, i) => bytes[at + i] === character.charCodeAt(0));
}
