import type { Agent } from "node:http";
import type { TLSSocket } from "node:tls";
import { HpackDecoder } from "../../../skein/src/protocol/http2/hpack/hpack-decoder.ts";
import { frame, TYPES, uint32 } from "../http2-frames.ts";
import { FrontStream, type FrontWriter } from "./front-stream.ts";

const PREFACE = 24;
const END_STREAM = 1;
const END_HEADERS = 4;
const PADDED = 8;
const PRIORITY = 0x20;
const WINDOW = 65_535;

/** Reads the frames of one connection, and keeps its two windows; each stream is a request of its own. */
export class FrontConnection implements FrontWriter {
  readonly origin: { readonly port: number; readonly agent: Agent };
  readonly #socket: TLSSocket;
  readonly #decoder = new HpackDecoder({ maxHeaderBytes: 1 << 20 });
  readonly #streams = new Map<number, FrontStream>();
  #pending = Buffer.alloc(0);
  #preface = PREFACE;
  #block: { id: number; flags: number; parts: Buffer[] } | undefined;
  /** What may be sent on all streams, and at first on each. */
  #window = WINDOW;
  #streamWindow = WINDOW;

  constructor(socket: TLSSocket, origin: { readonly port: number; readonly agent: Agent }) {
    this.#socket = socket;
    this.origin = origin;
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.once("close", () => {
      for (const stream of this.#streams.values()) stream.giveUp();
    });
    this.write(frame("SETTINGS", 0));
  }

  write(bytes: Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  /** How much of `wanted` may be sent now; it counts as sent. */
  spend(wanted: number): number {
    const allowed = Math.max(0, Math.min(wanted, this.#window));
    this.#window -= allowed;
    return allowed;
  }

  ended(id: number): void {
    this.#streams.delete(id);
  }

  #receive(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    if (this.#preface > 0 && this.#pending.length >= this.#preface) {
      this.#pending = this.#pending.subarray(this.#preface);
      this.#preface = 0;
    }
    while (this.#preface === 0 && this.#pending.length >= 9) {
      const length = this.#pending.readUIntBE(0, 3);
      if (this.#pending.length < 9 + length) return;
      const [type, flags, id] = [this.#pending[3]!, this.#pending[4]!, this.#pending.readUInt32BE(5)];
      const payload = this.#pending.subarray(9, 9 + length);
      this.#pending = this.#pending.subarray(9 + length);
      this.#onFrame(type, { flags, id, payload });
    }
  }

  #onFrame(type: number, received: ReceivedFrame): void {
    const { flags, id, payload } = received;
    switch (type) {
      case TYPES.DATA:
        return this.#onData(received);
      case TYPES.HEADERS:
        this.#block = { id, flags, parts: [headerPart(received)] };
        return this.#onBlockPart(flags);
      case TYPES.CONTINUATION:
        this.#block?.parts.push(payload);
        return this.#onBlockPart(flags);
      case TYPES.RST_STREAM:
        this.#streams.get(id)?.giveUp();
        return;
      case TYPES.SETTINGS:
        return this.#onSettings(received);
      case TYPES.PING:
        if ((flags & 1) === 0) this.write(frame("PING", 0, { flags: 1, payload }));
        return;
      case TYPES.WINDOW_UPDATE:
        return this.#onWindow(id, payload.readUInt32BE(0));
    }
  }

  #onData({ flags, id, payload }: ReceivedFrame): void {
    const padding = flags & PADDED ? payload[0]! + 1 : 0;
    const start = flags & PADDED ? 1 : 0;
    const data = payload.subarray(start, payload.length - Math.max(0, padding - 1));
    const stream = this.#streams.get(id);
    const giveBack = () => {
      if (payload.length === 0) return;
      this.write(frame("WINDOW_UPDATE", 0, { payload: uint32(payload.length) }));
      if (this.#streams.has(id)) this.write(frame("WINDOW_UPDATE", id, { payload: uint32(payload.length) }));
    };
    if (stream === undefined) giveBack();
    else stream.receive(data, giveBack);
    if (flags & END_STREAM) stream?.receivedAll();
  }

  #onBlockPart(flags: number): void {
    if ((flags & END_HEADERS) === 0 || this.#block === undefined) return;
    const { id, flags: first, parts } = this.#block;
    this.#block = undefined;
    const bytes = Buffer.concat(parts);
    if (this.#decoder.decode(bytes, 0, bytes.length) !== "ok") return void this.#socket.destroy();
    const fields = this.#fields();
    let stream = this.#streams.get(id);
    if (stream === undefined) {
      stream = new FrontStream(id, this, {
        fields,
        window: this.#streamWindow,
        hasBody: !(first & END_STREAM),
      });
      this.#streams.set(id, stream);
    } else {
      stream.receiveTrailers(fields);
    }
    if (first & END_STREAM) stream.receivedAll();
  }

  #fields(): [name: string, value: string][] {
    const { bytes, count, nameEnds, ends } = this.#decoder.fields;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    return Array.from({ length: count }, (_, i) => {
      const start = i === 0 ? 0 : ends[i - 1]!;
      return [text.slice(start, nameEnds[i]), text.slice(nameEnds[i]! + 2, ends[i]! - 2)];
    });
  }

  #onSettings({ flags, payload }: ReceivedFrame): void {
    if (flags & 1) return;
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== 4) continue;
      const change = payload.readUInt32BE(at + 2) - this.#streamWindow;
      this.#streamWindow += change;
      for (const stream of this.#streams.values()) stream.widen(change);
    }
    this.write(frame("SETTINGS", 0, { flags: 1 }));
  }

  #onWindow(id: number, increment: number): void {
    if (id !== 0) return this.#streams.get(id)?.widen(increment);
    this.#window += increment;
    for (const stream of this.#streams.values()) stream.flush();
  }
}

interface ReceivedFrame {
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

function headerPart({ flags, payload }: ReceivedFrame): Buffer {
  const start = (flags & PADDED ? 1 : 0) + (flags & PRIORITY ? 5 : 0);
  return payload.subarray(start, payload.length - (flags & PADDED ? payload[0]! : 0));
}
