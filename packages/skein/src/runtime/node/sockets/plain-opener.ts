import * as net from "node:net";
import type { Origin } from "../../../core/url.ts";
import type { OnRead, Opener, OpeningEvents } from "./opener.ts";
import type { Attempt, Wire } from "./tcp-opener.ts";

/** Opens sockets for http. */
export class PlainOpener implements Opener {
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  open(origin: Origin, onread: OnRead | undefined, events: OpeningEvents): () => void {
    const make = (attempt: Attempt) =>
      attempt.socket ?? net.connect({ ...attempt, onread } as net.NetConnectOpts);
    return this.#wire.open(origin, make, {
      onStep: step => events.onStep(step),
      onConnect: (socket, reads = "buffer") => events.onOpen(socket, reads),
      onFailure: error => events.onFailure(error),
    });
  }
}
