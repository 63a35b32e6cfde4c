import * as net from "node:net";
import type { Origin } from "../../../core/url.ts";
import type { OnRead, Opener, OpeningEvents } from "./opener.ts";
import type { TcpOpener } from "./tcp-opener.ts";

/** Opens sockets for http. */
export class PlainOpener implements Opener {
  readonly #tcp: TcpOpener;

  constructor(tcp: TcpOpener) {
    this.#tcp = tcp;
  }

  open(origin: Origin, onread: OnRead, events: OpeningEvents): () => void {
    const make = (attempt: object) => net.connect({ ...attempt, onread } as net.NetConnectOpts);
    return this.#tcp.open(origin, make, {
      onStep: step => events.onStep(step),
      onConnect: socket => events.onOpen(socket, "buffer"),
      onFailure: error => events.onFailure(error),
    });
  }
}
