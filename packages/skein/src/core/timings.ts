/**
 * How long each phase of a request took, in milliseconds. A phase that did not happen is undefined: a kept-alive
 * connection skips `dns`, `connect`, `proxy` and `tls`; an address skips `dns`; a body that still comes in has no `receive` yet.
 * They follow one another without gaps.
 */
export interface Timings {
  /** Waiting for a connection. */
  readonly queue: number | undefined;
  /** Resolving the host's name. */
  readonly dns: number | undefined;
  /** TCP alone. */
  readonly connect: number | undefined;
  /** Asking a proxy for a connection, over TLS where the proxy speaks it. */
  readonly proxy: number | undefined;
  readonly tls: number | undefined;
  /** Handing the request to the network. */
  readonly send: number | undefined;
  /** From the last byte sent to the end of the response's head: the time to the first byte. */
  readonly wait: number | undefined;
  /** From the head to the end of the body. */
  readonly receive: number | undefined;
}

/** When the steps of opening a connection began, on the clock's monotonic time; 0: not yet, or never. */
export interface OpeningTimes {
  startedAt: number;
  resolveAt: number;
  connectAt: number;
  proxyAt: number;
  tlsAt: number;
  readyAt: number;
}

const NOTHING_MEASURED: Timings = Object.freeze({
  queue: undefined,
  dns: undefined,
  connect: undefined,
  proxy: undefined,
  tls: undefined,
  send: undefined,
  wait: undefined,
  receive: undefined,
});

/** What is measured of one request on one connection. Times are 0 until they are known. */
export class ExchangeRecord {
  readonly enqueuedAt: number;
  /** Of the connection that was opened while it waited. */
  opening: OpeningTimes | undefined;
  dispatchedAt = 0;
  sentAt = 0;
  headAt = 0;
  /** When the body had ended, or the request failed. */
  endedAt = 0;
  /** Bytes of the body as they came, before codings were taken off. */
  receivedBytes = 0;
  /** The address spoken to. */
  peer: string | undefined;
  /** Tells connections of one client apart; 0 before there is one. */
  connection = 0;

  constructor(enqueuedAt: number) {
    this.enqueuedAt = enqueuedAt;
  }

  timings(): Timings {
    const { opening } = this;
    const phases = new Phases(this.enqueuedAt, this.endedAt);
    const queue = phases.until(opening === undefined ? this.dispatchedAt : opening.startedAt);
    const dns = opening?.resolveAt ? phases.until(opening.connectAt) : undefined;
    const connect = opening?.connectAt
      ? phases.until(opening.proxyAt || opening.tlsAt || opening.readyAt)
      : undefined;
    const proxy = opening?.proxyAt ? phases.until(opening.tlsAt || opening.readyAt) : undefined;
    const tls = opening?.tlsAt ? phases.until(opening.readyAt) : undefined;
    const send = this.dispatchedAt ? phases.until(this.sentAt || this.headAt) : undefined;
    const wait = send === undefined ? undefined : phases.until(this.headAt);
    const receive = wait === undefined ? undefined : phases.until(this.endedAt);
    return { queue, dns, connect, proxy, tls, send, wait, receive };
  }
}

/** The timings of what no connection of ours has carried. */
export function timingsOf(record: ExchangeRecord | undefined): Timings {
  return record === undefined ? NOTHING_MEASURED : record.timings();
}

/** Walks along the marks of a record; the phase in which it failed takes what is left, and those after it nothing. */
class Phases {
  readonly #endedAt: number;
  #at: number;
  #open = true;

  constructor(at: number, endedAt: number) {
    this.#at = at;
    this.#endedAt = endedAt;
  }

  until(mark: number): number | undefined {
    if (!this.#open) return undefined;
    if (mark === 0) this.#open = false;
    const end = mark === 0 ? this.#endedAt : mark;
    if (end === 0) return undefined;
    const took = Math.max(0, end - this.#at);
    this.#at = Math.max(this.#at, end);
    return took;
  }
}
