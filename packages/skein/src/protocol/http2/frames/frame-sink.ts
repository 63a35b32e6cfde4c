import type { Http2Violation } from "../error-codes.ts";

/**
 * What frames are handed out to, while `receive` runs. What is handed out is valid during the call only. The rules that
 * need to know a stream's state are the sink's; it may call `stop` on the reader at any time.
 */
export interface FrameSink {
  /** A whole header block, with all its frames. The fields are in `reader.fields`: not checked yet, but within the limits. */
  onHeaders(streamId: number, endStream: boolean): void;
  /**
   * Some data of `reader.frame.streamId`: `bytes[start, end)`, which may be empty. `reader.flowControlled` is what it takes of
   * the windows, padding and all; `reader.endStream` says whether the stream ends behind it.
   */
  onData(bytes: Uint8Array, start: number, end: number): void;
  /** RST_STREAM; `errorCode` as it came. */
  onReset(streamId: number, errorCode: number): void;
  /** One setting; of a kind that we don't know, too. */
  onSetting(id: number, value: number): void;
  /** The SETTINGS frame ends: to be acknowledged now. */
  onSettingsEnd(): void;
  onSettingsAck(): void;
  /** The eight bytes as two numbers: what they say is its sender's business. */
  onPing(high: number, low: number): void;
  onPingAck(high: number, low: number): void;
  onGoaway(lastStreamId: number, errorCode: number, debugData: Uint8Array): void;
  /** `streamId` is 0 for the connection's window. `increment` is 1 at least. */
  onWindowUpdate(streamId: number, increment: number): void;
  /**
   * Behind a violation that ends the connection the reader ignores everything. One of a stream's scope comes in the
   * place of what the frame would have brought; on a stream that was never opened, it ends the connection all the same.
   */
  onError(violation: Http2Violation): void;
}
