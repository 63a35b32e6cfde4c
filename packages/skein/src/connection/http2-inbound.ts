import type { Http2Violation } from "../protocol/http2/error-codes.ts";
import { ReceiveWindow } from "../protocol/http2/flow-window.ts";
import { FrameReader } from "../protocol/http2/frames/frame-reader.ts";
import type { FrameSink } from "../protocol/http2/frames/frame-sink.ts";
import { HpackDecoder } from "../protocol/http2/hpack/hpack-decoder.ts";
import type { StreamEvent } from "../protocol/http2/stream-state.ts";
import type { ConnectionSetup, Unanswered } from "./connection.ts";
import { type AnswerHost, Http2Answers } from "./http2-answers.ts";
import { headTooLarge, http2Violation, refusedStream, streamReset } from "./http2-errors.ts";
import type { Http2Output } from "./http2-output.ts";
import type { Http2Sender } from "./http2-sender.ts";
import type { PeerSettings } from "./http2-settings.ts";
import type { Http2Stream } from "./http2-stream.ts";
import type { Http2Streams } from "./http2-streams.ts";

/** Of all streams together. It is given back as it is used: what bounds memory are the streams' own. */
const CONNECTION_WINDOW = 16 * 1024 * 1024;
/** However large frames the server takes: what one stream sends at a time, the others wait for. */
const LARGEST_FRAME = 64 * 1024;
const REFUSED_STREAM = 0x7;
const HTTP_1_1_REQUIRED = 0xd;

/** What frames lead to, beyond their own stream. */
export interface InboundHost extends AnswerHost {
  violate(violation: Pick<Http2Violation, "code" | "reason">): void;
  reset(streamId: number, code: Http2Violation["code"]): void;
  /** The exchange has no answer: it goes back to the pool, or fails. */
  replayOr(stream: Http2Stream, error: Error, why: Unanswered): void;
  /** GOAWAY: streams above `lastStreamId` were not looked at. */
  leaves(lastStreamId: number, errorCode: number): void;
  /** There may be room for more streams. */
  freed(): void;
  /** The server has taken note of our SETTINGS. */
  acknowledged(): void;
}

interface InboundParts {
  readonly streams: Http2Streams;
  readonly out: Http2Output;
  readonly sender: Http2Sender;
  readonly peerSettings: PeerSettings;
}

/** What a server sends over one connection: takes frames in their order, and hands each to whom it is for. */
export class Http2Inbound implements FrameSink {
  readonly reader: FrameReader;
  readonly #host: InboundHost;
  readonly #streams: Http2Streams;
  readonly #out: Http2Output;
  readonly #sender: Http2Sender;
  readonly #peerSettings: PeerSettings;
  readonly #answers: Http2Answers;
  readonly #receiveWindow = new ReceiveWindow();

  constructor(
    host: InboundHost,
    setup: ConnectionSetup,
    { streams, out, sender, peerSettings }: InboundParts,
  ) {
    const { maxHeaderBytes } = setup.limits;
    this.#host = host;
    this.#streams = streams;
    this.#out = out;
    this.#sender = sender;
    this.#peerSettings = peerSettings;
    this.reader = new FrameReader(
      this,
      new HpackDecoder(maxHeaderBytes === undefined ? {} : { maxHeaderBytes }),
    );
    this.#answers = new Http2Answers(host, setup);
  }

  /** By how much the connection's window is opened at first. */
  openWindow(): number {
    return this.#receiveWindow.resize(CONNECTION_WINDOW);
  }

  onHeaders(streamId: number, endStream: boolean): void {
    const stream = this.#receive(streamId, endStream ? "recv-headers-end" : "recv-headers");
    if (stream !== undefined) this.#answers.readFields(stream, this.reader.fields, endStream);
  }

  onData(bytes: Uint8Array, start: number, end: number): void {
    const { frame, flowControlled, endStream } = this.reader;
    if (!this.#receiveWindow.receive(flowControlled))
      return this.#host.violate({
        code: "FLOW_CONTROL_ERROR",
        reason: "more data than the connection's window",
      });
    const increment = this.#receiveWindow.consume(flowControlled);
    if (increment > 0) {
      this.#out.writer.windowUpdate(0, increment);
      this.#out.flushSoon();
    }
    // Some servers (nginx 1.22, of an empty file) end a stream twice: with its head, and with no data behind it.
    if (flowControlled === 0 && this.#streams.hasEnded(frame.streamId)) return;
    const stream = this.#receive(frame.streamId, endStream ? "recv-data-end" : "recv-data");
    if (stream === undefined) return;
    if (!stream.receiveWindow.receive(flowControlled))
      return this.#host.malformed(stream, "more data than the stream's window", "FLOW_CONTROL_ERROR");
    this.#answers.readData(stream, bytes.subarray(start, end), endStream);
    if (!endStream && this.#streams.has(stream)) stream.took(flowControlled);
  }

  onReset(streamId: number, errorCode: number): void {
    const known = this.#streams.get(streamId);
    const stream = this.#receive(streamId, "recv-reset");
    if (stream === undefined || known === undefined) return;
    this.#streams.closed.byThem(streamId);
    const progress = stream.progress();
    if (errorCode === REFUSED_STREAM)
      return this.#host.replayOr(
        stream,
        refusedStream("the server refused the stream", progress),
        "unprocessed",
      );
    if (errorCode === HTTP_1_1_REQUIRED)
      return this.#host.replayOr(stream, streamReset(errorCode, progress), "needs-http1");
    this.#host.end(stream, streamReset(errorCode, progress), undefined);
  }

  onSetting(id: number, value: number): void {
    const change = this.#peerSettings.take(id, value);
    if (change === undefined) return;
    if (change.setting === "headerTableSize") this.#sender.allowTableSize(value);
    else if (change.setting === "maxFrameSize")
      this.#out.writer.maxFrameSize = Math.min(value, LARGEST_FRAME);
    else if (change.setting === "initialWindowSize") this.#adjustWindows(change.difference);
  }

  onSettingsEnd(): void {
    this.#out.writer.settingsAck();
    this.#out.flushSoon();
    this.#sender.feed();
    this.#host.freed();
  }

  onSettingsAck(): void {
    this.#host.acknowledged();
  }

  onPing(high: number, low: number): void {
    this.#out.writer.pingAck(high, low);
    this.#out.flushSoon();
  }

  onPingAck(): void {}

  onGoaway(lastStreamId: number, errorCode: number): void {
    this.#host.leaves(lastStreamId, errorCode);
  }

  onWindowUpdate(streamId: number, increment: number): void {
    if (streamId === 0) {
      if (!this.#sender.window.adjust(increment))
        return this.#host.violate({ code: "FLOW_CONTROL_ERROR", reason: "a window beyond 2^31-1" });
      return this.#sender.feed();
    }
    const stream = this.#receive(streamId, "recv-window-update");
    if (stream === undefined) return;
    if (!stream.sendWindow.adjust(increment))
      return this.#host.malformed(stream, "a window beyond 2^31-1", "FLOW_CONTROL_ERROR");
    this.#sender.feed();
  }

  onError(violation: Http2Violation): void {
    if (violation.scope === "connection") return this.#host.violate(violation);
    const stream = this.#streams.get(violation.streamId);
    if (stream !== undefined) {
      const isTooLarge = violation.code === "ENHANCE_YOUR_CALM" || /larger|more than/.test(violation.reason);
      const error = isTooLarge
        ? headTooLarge(violation.reason, stream.progress())
        : http2Violation(violation, stream.progress());
      return this.#host.end(stream, error, violation.code);
    }
    this.#host.reset(violation.streamId, violation.code);
  }

  // ── answers ──

  /** The stream that a frame is for, where the frame is allowed to come; all else that it brings about is done here. */
  #receive(streamId: number, event: StreamEvent): Http2Stream | undefined {
    const received = this.#streams.receive(streamId, event);
    if (received === undefined) return undefined;
    if ("stream" in received) return received.stream;
    const { error: code, scope, reason } = received;
    const stream = this.#streams.get(streamId);
    if (scope === "connection") this.#host.violate({ code, reason });
    else if (stream !== undefined) this.#host.malformed(stream, reason, code);
    else this.#host.reset(streamId, code);
    return undefined;
  }

  #adjustWindows(difference: number): void {
    for (const stream of this.#streams)
      if (!stream.sendWindow.adjust(difference))
        return this.#host.violate({ code: "FLOW_CONTROL_ERROR", reason: "a window beyond 2^31-1" });
  }
}
