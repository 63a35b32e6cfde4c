import { Headers } from "../core/headers.ts";
import { Response } from "../core/response.ts";
import type { Http2Violation } from "../protocol/http2/error-codes.ts";
import type { FieldList } from "../protocol/http2/hpack/field-list.ts";
import { expectedDataLength, ResponseFields } from "../protocol/http2/response-fields.ts";
import { nextResponsePhase } from "../protocol/http2/stream-state.ts";
import type { ConnectionSetup } from "./connection.ts";
import { cutShort, headTooLarge } from "./http2-errors.ts";
import type { Http2Stream, StreamHost } from "./http2-stream.ts";

const MAX_INTERIM = 20;

/** What is done with a stream when its answer has come, or turned out to be none. */
export interface AnswerHost extends StreamHost {
  readonly requests: number;
  answered(stream: Http2Stream, trailers: Headers): void;
  malformed(stream: Http2Stream, reason: string, code?: Http2Violation["code"]): void;
  end(stream: Http2Stream, error: Error, reset: Http2Violation["code"] | undefined): void;
}

/** Makes answers of what comes over streams (RFC 9113 §8.1): interim heads, the head, data, trailers. */
export class Http2Answers {
  readonly #host: AnswerHost;
  readonly #setup: ConnectionSetup;
  readonly #fields: ResponseFields;

  constructor(host: AnswerHost, setup: ConnectionSetup) {
    this.#host = host;
    this.#setup = setup;
    this.#fields = new ResponseFields(setup.text);
  }

  readFields(stream: Http2Stream, list: FieldList, endStream: boolean): void {
    stream.activeAt = this.#setup.time.now;
    if (stream.phase === "head") this.#readHead(stream, list, endStream);
    else this.#readTrailers(stream, list, endStream);
  }

  readData(stream: Http2Stream, data: Uint8Array, endStream: boolean): void {
    stream.activeAt = this.#setup.time.now;
    const phase = nextResponsePhase(stream.phase, "data", endStream);
    if (phase === undefined) return this.#host.malformed(stream, "data before the head of the answer");
    stream.phase = phase;
    stream.received += data.length;
    if (stream.expected >= 0 && stream.received > stream.expected)
      return this.#host.malformed(stream, `more data than its content-length, ${stream.expected}`);
    stream.exchange.record.receivedBytes += data.length;
    if (data.length > 0) stream.body!.push(data, 0, data.length);
    if (endStream) this.#finish(stream, Headers.empty);
  }

  #readHead(stream: Http2Stream, list: FieldList, endStream: boolean): void {
    const fields = this.#fields;
    if (!fields.readHead(list)) return this.#host.malformed(stream, fields.fault);
    const isInterim = fields.status < 200;
    const phase = nextResponsePhase(stream.phase, isInterim ? "interim" : "final", endStream);
    if (phase === undefined) return this.#host.malformed(stream, "an interim answer that ends the stream");
    stream.phase = phase;
    if (isInterim) return this.#countInterim(stream);
    this.#answer(stream);
    if (endStream) this.#finish(stream, Headers.empty);
  }

  #countInterim(stream: Http2Stream): void {
    stream.interims += 1;
    if (stream.interims <= MAX_INTERIM) return;
    const error = headTooLarge(`more than ${MAX_INTERIM} interim answers`, stream.progress());
    this.#host.end(stream, error, "ENHANCE_YOUR_CALM");
  }

  #answer(stream: Http2Stream): void {
    const { exchange } = stream;
    const { status, contentLength, fieldLines } = this.#fields;
    stream.expected = expectedDataLength(exchange.request.method, this.#fields);
    stream.contentLength = contentLength < 0 ? undefined : contentLength;
    const headers = Headers.fromFieldLines(fieldLines);
    const head = { status, reasonPhrase: "", httpVersion: "2", headers };
    const response = new Response(head, exchange.request, stream.openBody());
    response.reused = this.#host.requests > 1;
    exchange.noteHead(this.#setup.clock.now(), head);
    response.record = exchange.record;
    exchange.answer(response);
  }

  #readTrailers(stream: Http2Stream, list: FieldList, endStream: boolean): void {
    const fields = this.#fields;
    if (!fields.readTrailers(list)) return this.#host.malformed(stream, fields.fault);
    const phase = nextResponsePhase(stream.phase, "trailers", endStream);
    if (phase === undefined) return this.#host.malformed(stream, "fields in the middle of the body");
    stream.phase = phase;
    this.#finish(stream, Headers.fromFieldLines(fields.fieldLines));
  }

  #finish(stream: Http2Stream, trailers: Headers): void {
    const { expected, received } = stream;
    if (expected >= 0 && received < expected)
      return this.#host.end(stream, cutShort(received, expected, stream.progress()), "PROTOCOL_ERROR");
    this.#host.answered(stream, trailers);
  }
}
