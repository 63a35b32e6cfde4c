import { CloseError } from "../core/errors.ts";
import type { RawSink } from "../core/incoming-body.ts";
import type { Socket } from "../core/ports.ts";

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

/** What the caller sends over a connection that has left HTTP, no faster than the network takes it. */
export class RawSender implements RawSink {
  readonly #socket: Socket;
  readonly #onWritten: (drained: boolean) => void;
  #waiting: Waiting | undefined;
  #state: "open" | "ended" | "closed" = "open";

  /** @param onWritten is told of each write, and whether the network takes more at once */
  constructor(socket: Socket, onWritten: (drained: boolean) => void) {
    this.#socket = socket;
    this.#onWritten = onWritten;
  }

  /** Whether our side has ended: nothing more is written. */
  get hasEnded(): boolean {
    return this.#state !== "open";
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#state !== "open") throw ended();
    if (bytes.length === 0) return;
    const drained = this.#socket.write(bytes);
    this.#onWritten(drained);
    if (drained) return;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  end(sent?: () => void): void {
    if (this.#state === "closed") return sent?.();
    this.#state = "ended";
    this.#onWritten(this.#waiting === undefined);
    this.#socket.end(sent);
  }

  /** The peer has sent its last byte: the runtime ends our side as well, behind what was written. */
  peerEnded(): void {
    if (this.#state === "open") this.#state = "ended";
  }

  /** The network takes more again. */
  drained(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  /** The connection is gone. */
  abandon(): void {
    this.#state = "closed";
    this.#waiting?.reject(ended());
    this.#waiting = undefined;
  }
}

function ended(): CloseError {
  return new CloseError("CONNECTION_CLOSED", "the connection has ended: nothing more can be written", {
    phase: "body",
    requestSent: "full",
  });
}
