import { InvalidOption } from "../../core/errors.ts";
import type { Headers } from "../../core/headers.ts";
import type { IncomingBody, RawSink } from "../../core/incoming-body.ts";
import type { Request } from "../../core/request.ts";
import type { Response } from "../../core/response.ts";
import { completeError } from "../complete-error.ts";

/**
 * A connection that has left HTTP: bytes both ways, whatever they mean. It belongs to whoever asked for it, and is never
 * used for another request; it counts against the client's limits until both sides have ended.
 *
 * It ends when the peer ends it (then nothing can be written any more either), by `close()` or `destroy()`, with its signal,
 * and with its client. `timeout.write` and `limits.unreadBodyTimeout` still hold, and `timeout.read` once our side has ended.
 */
export class RawStream implements AsyncDisposable {
  /** 101, or that of the proxy. */
  readonly status: number;
  readonly headers: Headers;
  /** The request that was answered: the last one, where redirects were followed. */
  readonly request: Request;
  /** What the peer sends, from the first byte behind the head on. Cancelling it closes the connection. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What is sent to the peer. Closing it ends our side, and the peer may go on; aborting it closes the connection. */
  readonly writable: WritableStream<Uint8Array>;
  readonly #body: IncomingBody;
  readonly #sink: RawSink;
  /** Why the connection ended, if it was no peaceful end. */
  #failure: Error | undefined;

  constructor(response: Response, body: IncomingBody, sink: RawSink) {
    this.status = response.status;
    this.headers = response.headers;
    this.request = response.request;
    this.#body = body;
    this.#sink = sink;
    this.readable = this.#makeReadable();
    this.writable = this.#makeWritable();
  }

  /** Ends our side, gives up what has not been read, and closes the connection when what was written has been handed over. */
  close(): Promise<void> {
    return new Promise(resolve => {
      this.#body.whenSettled(() => resolve());
      this.#sink.end(() => this.#body.cancel("the raw stream was closed"));
    });
  }

  /** Closes the connection at once; a read or write under way fails with AbortError or CloseError. */
  destroy(reason: unknown = "the raw stream was destroyed"): void {
    this.#body.cancel(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #makeReadable(): ReadableStream<Uint8Array> {
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
      try {
        const chunk = await this.#body.read();
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      } catch (error) {
        throw this.#complete(error);
      }
    };
    // Nothing is read ahead: a reader that is slow slows the peer.
    return new ReadableStream({ pull, cancel: reason => this.#body.cancel(reason) }, { highWaterMark: 0 });
  }

  #makeWritable(): WritableStream<Uint8Array> {
    return new WritableStream({
      start: controller =>
        this.#body.whenSettled(error => {
          this.#failure = error;
          if (error !== undefined) controller.error(this.#complete(error));
        }),
      write: chunk => this.#write(chunk),
      close: () => this.#sink.end(),
      abort: reason => this.#body.cancel(reason),
    });
  }

  async #write(chunk: unknown): Promise<void> {
    if (!(chunk instanceof Uint8Array))
      throw new InvalidOption(`a raw stream is written as bytes (Uint8Array); got ${typeof chunk}`);
    try {
      await this.#sink.write(chunk);
    } catch (error) {
      throw this.#complete(this.#failure ?? error);
    }
  }

  #complete(error: unknown): Error {
    return completeError(error, { request: this.request, elapsed: 0, attempts: 1 });
  }
}
