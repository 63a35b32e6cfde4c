import type { BodyUse } from "../core/body.ts";
import type { Socket } from "../core/ports.ts";
import { encodeChunkHead, LAST_CHUNK } from "../protocol/http1/request-writer.ts";

/** Sends one body that comes in chunks, no faster than the network takes it, until it is abandoned. */
export class BodySender implements BodyUse {
  onAbandon: (() => void) | undefined;
  readonly #socket: Socket;
  #wake: (() => void) | undefined;
  #abandoned = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * @param onWritten is told of each chunk, and whether the network takes more at once
   * @returns whether the network takes more at once; undefined when the body was abandoned
   */
  async send(
    source: AsyncIterable<Uint8Array>,
    isChunked: boolean,
    onWritten: (drained: boolean) => void,
  ): Promise<boolean | undefined> {
    for await (const chunk of source) {
      if (this.#abandoned) return undefined;
      if (chunk.length === 0) continue;
      const drained = isChunked ? this.#writeChunk(chunk) : this.#socket.write(chunk);
      onWritten(drained);
      if (!drained) await this.#drained();
    }
    if (this.#abandoned) return undefined;
    return !isChunked || this.#socket.write(LAST_CHUNK);
  }

  /** The network takes more again. */
  drained(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Nothing more is sent: whoever gives the body is told, also in the middle of a read. */
  abandon(): void {
    this.#abandoned = true;
    this.drained();
    const tell = this.onAbandon;
    this.onAbandon = undefined;
    tell?.();
  }

  #writeChunk(chunk: Uint8Array): boolean {
    this.#socket.write(encodeChunkHead(chunk.length));
    this.#socket.write(chunk);
    return this.#socket.write("\r\n");
  }

  #drained(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve;
    });
  }
}
