import { ERROR_CODES, type ErrorCode } from "../error-codes.ts";
import { ByteWriter } from "../hpack/byte-writer.ts";
import { readUint32 } from "./frame-header.ts";
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  FRAME_HEADER_BYTES,
  GOAWAY,
  HEADERS,
  LEAST_MAX_FRAME_SIZE,
  PING,
  RST_STREAM,
  SETTINGS,
  SETTINGS_IDS,
  WINDOW_UPDATE,
} from "./frame-types.ts";

/** What a client says first (RFC 9113 §3.4); a SETTINGS frame follows. */
const PREFACE = Uint8Array.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", character => character.charCodeAt(0));

/** The frames of a turn of the loop are put into one of these, one turn behind the other, until it is full. */
const SLAB_BYTES = 32_768;

type SettingName = keyof typeof SETTINGS_IDS;
export type Settings = Readonly<Partial<Record<SettingName, number | undefined>>>;

/**
 * Puts the frames that a client sends one behind the other, so that all of a turn go out in one write: `take` hands out
 * what came together. That belongs to the taker: what is written later goes behind it, or into another array.
 */
export class FrameWriter extends ByteWriter {
  /** What the peer's SETTINGS_MAX_FRAME_SIZE says. */
  maxFrameSize: number = LEAST_MAX_FRAME_SIZE;
  /** Where the HEADERS frame that is being written begins, counted from `start`. */
  #headersAt = 0;

  constructor() {
    super(SLAB_BYTES);
  }

  /** The first bytes of a connection, with the settings in which we differ from the defaults (§6.5.2). */
  preface(settings: Settings): void {
    this.append(PREFACE);
    this.settings(settings);
  }

  settings(settings: Settings): void {
    const names = Object.keys(settings) as SettingName[];
    const given = names.filter(name => settings[name] !== undefined);
    this.#frame(6 * given.length, SETTINGS << 8, 0);
    for (const name of given) {
      this.#uint16(SETTINGS_IDS[name]);
      this.#uint32(settings[name]!);
    }
  }

  settingsAck(): void {
    this.#frame(0, (SETTINGS << 8) | ACK, 0);
  }

  ping(high: number, low: number): void {
    this.#frame(8, PING << 8, 0);
    this.#uint32(high);
    this.#uint32(low);
  }

  pingAck(high: number, low: number): void {
    this.#frame(8, (PING << 8) | ACK, 0);
    this.#uint32(high);
    this.#uint32(low);
  }

  reset(streamId: number, code: ErrorCode): void {
    this.#frame(4, RST_STREAM << 8, streamId);
    this.#uint32(ERROR_CODES[code]);
  }

  goaway(lastStreamId: number, code: ErrorCode): void {
    this.#frame(8, GOAWAY << 8, 0);
    this.#uint32(lastStreamId);
    this.#uint32(ERROR_CODES[code]);
  }

  /** `streamId` 0 is the connection's window. */
  windowUpdate(streamId: number, increment: number): void {
    this.#frame(4, WINDOW_UPDATE << 8, streamId);
    this.#uint32(increment);
  }

  /** The data in as many frames as it takes; one when it is empty. That the windows allow it is the caller's matter. */
  data(streamId: number, data: Uint8Array, endStream: boolean): void {
    let at = 0;
    do {
      const end = Math.min(data.length, at + this.maxFrameSize);
      this.dataHeader(streamId, end - at, endStream && end === data.length);
      this.append(at === 0 && end === data.length ? data : data.subarray(at, end));
      at = end;
    } while (at < data.length);
  }

  /** What stands in front of `length` bytes of data, at most `maxFrameSize`, that are sent from where they are. */
  dataHeader(streamId: number, length: number, endStream: boolean): void {
    this.#frame(length, (DATA << 8) | (endStream ? END_STREAM : 0), streamId);
  }

  /** A HEADERS frame begins: its block is written next, by an encoder, then `endHeaders` follows. */
  beginHeaders(streamId: number, endStream: boolean): void {
    this.#headersAt = this.pending;
    this.#frame(0, (HEADERS << 8) | END_HEADERS | (endStream ? END_STREAM : 0), streamId);
  }

  endHeaders(): void {
    const length = this.pending - this.#headersAt - FRAME_HEADER_BYTES;
    if (length > this.maxFrameSize) return this.#splitHeaders(length);
    this.#setLength(this.start + this.#headersAt, length);
  }

  /** What is too long for one frame goes into CONTINUATION frames, of the same stream (§6.10). */
  #splitHeaders(length: number): void {
    const { maxFrameSize } = this;
    const header = this.start + this.#headersAt;
    const block = this.bytes.slice(header + FRAME_HEADER_BYTES, this.end);
    const streamId = readUint32(this.bytes, header + 5);
    this.bytes[header + 4]! &= ~END_HEADERS;
    this.#setLength(header, maxFrameSize);
    this.end = header + FRAME_HEADER_BYTES + maxFrameSize;
    for (let at = maxFrameSize; at < length; at += maxFrameSize) {
      const end = Math.min(length, at + maxFrameSize);
      this.#frame(end - at, (CONTINUATION << 8) | (end === length ? END_HEADERS : 0), streamId);
      this.append(block.subarray(at, end));
    }
  }

  #setLength(at: number, length: number): void {
    this.bytes[at] = length >>> 16;
    this.bytes[at + 1] = length >>> 8;
    this.bytes[at + 2] = length;
  }

  /** The header of a frame (§4.1). */
  #frame(length: number, typeAndFlags: number, streamId: number): void {
    this.reserve(FRAME_HEADER_BYTES);
    this.#setLength(this.end, length);
    this.end += 3;
    this.#uint16(typeAndFlags);
    this.#uint32(streamId);
  }

  #uint16(value: number): void {
    this.reserve(2);
    this.bytes[this.end] = value >>> 8;
    this.bytes[this.end + 1] = value;
    this.end += 2;
  }

  #uint32(value: number): void {
    this.#uint16(value >>> 16);
    this.#uint16(value & 0xffff);
  }
}
