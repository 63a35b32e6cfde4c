import type { Http2Violation } from "../../src/protocol/http2/error-codes.ts";
import {
  type BlockDecoder,
  FrameReader,
  type FrameReaderLimits,
} from "../../src/protocol/http2/frames/frame-reader.ts";
import type { FrameSink } from "../../src/protocol/http2/frames/frame-sink.ts";
import type { FieldList } from "../../src/protocol/http2/hpack/field-list.ts";
import { type FieldLimits, HpackDecoder } from "../../src/protocol/http2/hpack/hpack-decoder.ts";

/** What the connection's read buffer holds around the bytes of a read, and in their place afterwards. */
const STALE = 0xaa;
const MARGIN = 3;

export interface Setup {
  limits?: Partial<FrameReaderLimits & FieldLimits>;
  decoder?: BlockDecoder;
  /** Whether the server's SETTINGS frame has come; the offsets of what follows count from behind it. Default: yes. */
  greeted?: boolean;
}

/** Notes what a reader hands out, one line an event; the pieces of a DATA frame are joined. */
export class FrameLog implements FrameSink {
  readonly events: string[] = [];
  readonly reader: FrameReader;
  /** Violations of both scopes. */
  readonly violations: Http2Violation[] = [];
  /** Called behind each event. */
  onEvent: ((event: string) => void) | undefined;
  #data: { streamId: number; text: string; flowControlled: number } | undefined;

  constructor({ limits = {}, decoder = new HpackDecoder(limits), greeted = true }: Setup = {}) {
    this.reader = new FrameReader(this, decoder, limits);
    if (greeted) {
      this.read(frame(SETTINGS, 0, 0));
      this.events.length = 0;
    }
  }

  onHeaders(streamId: number, endStream: boolean): void {
    const fields = fieldsOf(this.reader.fields).map(([name, value]) => `${name}=${value}`);
    this.#note(`headers ${streamId}${endStream ? " end" : ""} ${fields.join("; ")}`);
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    const { frame, flowControlled, endStream } = this.reader;
    if (this.#data?.streamId !== frame.streamId) this.#flush();
    this.#data ??= { streamId: frame.streamId, text: "", flowControlled: 0 };
    this.#data.text += latin1(bytes, start, end);
    this.#data.flowControlled += flowControlled;
    if (endStream) this.#note(`end ${frame.streamId}`);
  }

  onReset(streamId: number, errorCode: number): void {
    this.#note(`reset ${streamId} ${errorCode}`);
  }

  onSetting(id: number, value: number): void {
    this.#note(`setting ${id} ${value}`);
  }

  onSettingsEnd(): void {
    this.#note("settings");
  }

  onSettingsAck(): void {
    this.#note("settings ack");
  }

  onPing(high: number, low: number): void {
    this.#note(`ping ${high} ${low}`);
  }

  onPingAck(high: number, low: number): void {
    this.#note(`ping ack ${high} ${low}`);
  }

  onGoaway(lastStreamId: number, errorCode: number, debugData: Uint8Array): void {
    this.#note(
      `goaway ${lastStreamId} ${errorCode} ${JSON.stringify(latin1(debugData, 0, debugData.length))}`,
    );
  }

  onWindowUpdate(streamId: number, increment: number): void {
    this.#note(`window ${streamId} ${increment}`);
  }

  onError(violation: Http2Violation): void {
    this.violations.push(violation);
    const { code, scope, streamId, offset, reason } = violation;
    this.#note(`${scope} error ${code} on ${streamId} at ${offset}: ${reason}`);
  }

  /** Feeds one read, as a connection does: in a buffer that is used again for the next one. */
  read(bytes: Uint8Array): void {
    const buffer = new Uint8Array(bytes.length + 2 * MARGIN).fill(STALE);
    buffer.set(bytes, MARGIN);
    this.reader.receive(buffer, MARGIN, MARGIN + bytes.length);
    buffer.fill(STALE);
  }

  finish(): string[] {
    this.#flush();
    return this.events;
  }

  get isDead(): boolean {
    return this.violations.at(-1)?.scope === "connection";
  }

  #note(event: string): void {
    this.#flush();
    this.events.push(event);
    this.onEvent?.(event);
  }

  #flush(): void {
    const data = this.#data;
    this.#data = undefined;
    if (data !== undefined)
      this.events.push(`data ${data.streamId} ${JSON.stringify(data.text)} of ${data.flowControlled}`);
  }
}

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export type Payload = string | readonly number[] | Uint8Array;

/** A frame; `flagsAndType` with the flags in the upper byte: `0x0100 | HEADERS` has END_STREAM. */
export function frame(type: number, flags: number, streamId: number, payload: Payload = ""): Buffer {
  const body = typeof payload === "string" ? Buffer.from(payload, "latin1") : Buffer.from(payload);
  const header = Buffer.alloc(9);
  header.writeUIntBE(body.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, body]);
}

/** Fields as literals that nothing is indexed of. */
export function literals(...fields: (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.map(([name, value]) => Buffer.concat([Buffer.of(0), text(name), text(value)])));
}

function text(characters: string): Buffer {
  return Buffer.concat([integer(characters.length, 0x7f, 0), Buffer.from(characters, "latin1")]);
}

/** RFC 7541 §5.1 */
export function integer(value: number, prefix: number, form: number): Buffer {
  if (value < prefix) return Buffer.of(form | value);
  const bytes = [form | prefix];
  let rest = value - prefix;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(128 + (rest % 128));
  return Buffer.of(...bytes, rest);
}

export function fieldsOf(list: FieldList): [name: string, value: string][] {
  return Array.from({ length: list.count }, (_, i) => {
    const end = list.ends[i]! - 2;
    const nameEnd = list.nameEnds[i]!;
    return [latin1(list.bytes, list.startOf(i), nameEnd), latin1(list.bytes, nameEnd + 2, end)];
  });
}

export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

/** The events of frames that come in these reads. */
export function readIn(reads: Iterable<Uint8Array>, setup?: Setup): string[] {
  const log = new FrameLog(setup);
  for (const bytes of reads) log.read(bytes);
  return log.finish();
}

/** The events, which must not depend on how the bytes come: whole, byte by byte, or split in two anywhere. */
export function readEveryWay(frames: readonly Uint8Array[], setup: () => Setup = () => ({})): string[] {
  const bytes = Buffer.concat(frames);
  const expected = readIn([bytes], setup());
  const compare = (how: string, events: string[]): void => {
    if (events.join("\n") === expected.join("\n")) return;
    throw new Error(`${how}:\n  ${events.join("\n  ")}\nwhole:\n  ${expected.join("\n  ")}`);
  };
  compare(
    "byte by byte",
    readIn(
      Array.from(bytes, byte => Uint8Array.of(byte)),
      setup(),
    ),
  );
  for (let at = 1; at < bytes.length; at++) {
    compare(`split at ${at}`, readIn([bytes.subarray(0, at), bytes.subarray(at)], setup()));
  }
  return expected;
}
