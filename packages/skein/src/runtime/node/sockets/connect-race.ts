import type { Socket } from "node:net";

/** RFC 8305 §5: how long an address may take before the next one is tried beside it. */
const STAGGER_MS = 250;

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

interface RaceEvents {
  /** The first that is connected; the others are gone. */
  onWon(socket: Socket): void;
  /** All have failed. */
  onLost(error: Error): void;
}

/**
 * Connects to one of several addresses (RFC 8305, "happy eyeballs"): the next one is tried when one fails, or takes longer
 * than 250 ms, and whichever answers first is taken. None is given up before one has answered.
 */
export class ConnectRace {
  readonly #addresses: readonly Address[];
  readonly #attempt: (address: Address) => Socket;
  readonly #events: RaceEvents;
  readonly #pending = new Set<Socket>();
  readonly #errors: Error[] = [];
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(addresses: readonly Address[], attempt: (address: Address) => Socket, events: RaceEvents) {
    this.#addresses = alternate(addresses);
    this.#attempt = attempt;
    this.#events = events;
    this.#tryNext();
  }

  /** No event follows. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#next = this.#addresses.length;
    for (const socket of this.#pending) discard(socket);
    this.#pending.clear();
  }

  #tryNext(): void {
    const address = this.#addresses[this.#next];
    if (address === undefined) return;
    this.#next += 1;
    const socket = this.#attempt(address);
    this.#pending.add(socket);
    socket.unref();
    const onError = (error: Error) => this.#failed(socket, error);
    socket.once("error", onError);
    socket.once("connect", () => {
      socket.off("error", onError);
      this.#won(socket);
    });
    if (this.#next < this.#addresses.length) this.#timer = setTimeout(() => this.#tryNext(), STAGGER_MS);
  }

  #won(socket: Socket): void {
    this.#pending.delete(socket);
    this.stop();
    this.#events.onWon(socket);
  }

  #failed(socket: Socket, error: Error): void {
    this.#pending.delete(socket);
    this.#errors.push(error);
    clearTimeout(this.#timer);
    if (this.#next < this.#addresses.length) return this.#tryNext();
    if (this.#pending.size > 0) return;
    const [first, ...others] = this.#errors;
    this.#events.onLost(others.length === 0 ? first! : new AggregateError(this.#errors, first!.message));
  }
}

/** What nobody waits for any more may fail as it likes. */
function discard(socket: Socket): void {
  socket.removeAllListeners("connect");
  socket.on("error", () => {});
  socket.destroy();
}

/** RFC 8305 §4: the families by turns, the one that came first first. */
function alternate(addresses: readonly Address[]): readonly Address[] {
  const [first] = addresses;
  if (first === undefined || addresses.length < 3) return addresses;
  const preferred = addresses.filter(({ family }) => family === first.family);
  const others = addresses.filter(({ family }) => family !== first.family);
  const longest = Math.max(preferred.length, others.length);
  return Array.from({ length: longest }, (_, i) => [preferred[i], others[i]])
    .flat()
    .filter(address => address !== undefined);
}
