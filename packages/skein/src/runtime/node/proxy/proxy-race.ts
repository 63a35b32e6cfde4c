import type { OpeningEvents } from "../sockets/opener.ts";
import { ProxyFailure } from "./proxy-failure.ts";

/** How long a proxy may take before the next of its list is tried beside it: one that hangs would use up all the time there is. */
const PATIENCE_MS = 1_000;

/** Begins to open a connection through one proxy; what it returns gives that up. */
export type Attempt = (events: OpeningEvents) => () => void;

/**
 * Opens a connection through one of several proxies: the next one is tried when one fails, or takes longer than a second, and
 * whichever is through first is taken. None is given up before that, as a slow one may be the only one that works.
 */
export class ProxyRace {
  readonly #attempts: readonly Attempt[];
  readonly #events: OpeningEvents;
  readonly #pending = new Map<number, () => void>();
  /** By their place in the list. */
  readonly #failures: ProxyFailure[] = [];
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(attempts: readonly Attempt[], events: OpeningEvents) {
    this.#attempts = attempts;
    this.#events = events;
    this.#tryNext();
  }

  /** No event follows. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#next = this.#attempts.length;
    for (const stop of this.#pending.values()) stop();
    this.#pending.clear();
  }

  #tryNext(): void {
    const index = this.#next;
    this.#next += 1;
    const stop = this.#attempts[index]!({
      onStep: step => this.#events.onStep(step),
      onOpen: (socket, reads, proxy) => {
        this.#pending.delete(index);
        this.stop();
        this.#events.onOpen(socket, reads, proxy);
      },
      onFailure: error => this.#failed(index, error),
    });
    this.#pending.set(index, stop);
    if (this.#next < this.#attempts.length) this.#timer = setTimeout(() => this.#tryNext(), PATIENCE_MS);
  }

  #failed(index: number, error: Error): void {
    this.#pending.delete(index);
    if (!(error instanceof ProxyFailure)) {
      // Not the proxy's: whoever carries the bytes, the server would be the same.
      this.stop();
      return this.#events.onFailure(error);
    }
    this.#failures[index] = error;
    if (this.#next < this.#attempts.length) {
      clearTimeout(this.#timer);
      return this.#tryNext();
    }
    if (this.#pending.size === 0) this.#events.onFailure(allFailed(this.#failures));
  }
}

function allFailed([first, ...others]: readonly ProxyFailure[]): ProxyFailure {
  const { length } = others;
  if (length === 0) return first!;
  const more = `; ${length} more ${length === 1 ? "proxy" : "proxies"} failed, too`;
  return new ProxyFailure({ ...first!.failure, reason: `${first!.failure.reason}${more}` });
}
