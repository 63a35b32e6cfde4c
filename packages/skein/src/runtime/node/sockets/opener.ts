import type { Socket } from "node:net";
import type { OpeningStep } from "../../../core/ports.ts";
import type { ProxyHop } from "../../../core/proxy-options.ts";
import type { Origin } from "../../../core/url.ts";

/** How Node reads into a buffer of ours. */
export interface OnRead {
  buffer: Uint8Array;
  callback(length: number, buffer: Uint8Array): boolean;
}

export type Reads = "buffer" | "events";

/** What is told of a socket while it is being opened. */
export interface OpeningEvents {
  onStep(step: OpeningStep): void;
  /**
   * It is open and can be used. `reads` says how its bytes come: into the buffer, or as `data` events, where Node has no
   * other way (TLS within a tunnel); `proxy` is where it leads to, or through.
   */
  onOpen(socket: Socket, reads: Reads, proxy?: ProxyHop): void;
  /** It never came to be; nothing is left open. */
  onFailure(error: Error): void;
}

/** Opens sockets, in as many steps as it takes. */
export interface Opener {
  /**
   * @param onread where its bytes go, if not to whoever listens to its events
   * @returns gives up: no event follows
   */
  open(origin: Origin, onread: OnRead | undefined, events: OpeningEvents): () => void;
}
