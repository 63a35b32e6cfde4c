import type { Resources } from "../core/resources.ts";

/** For so long a pool makes do with the connections that it could open. */
const PATIENCE_MS = 1_000;
/** Below so many connections nobody asks how many files are open. */
const FEW = 16;
const LOOK_EVERY_MS = 250;
/** What is left to the rest of the process: files, lookups, servers of its own. */
const LEAST_SPARED = 16;
const SHARE_SPARED = 0.05;

/** Of a pool; those that are being opened may have no descriptor yet. */
export interface ConnectionCounts {
  readonly all: number;
  readonly opening: number;
}

/**
 * How many connections there may be: `maxConnections`, or fewer while the process has no descriptors for more. Where the
 * system tells how many are open, some are left to the rest of the process; elsewhere the first that could not be opened tells.
 */
export class Room {
  size: number;
  readonly #most: number;
  readonly #descriptors: Resources["descriptors"] | undefined;
  /** After one could not be opened. */
  #proven = Number.POSITIVE_INFINITY;
  /** When to find out whether there are more files again: whoever frees them does not tell. */
  #tryAt = Number.POSITIVE_INFINITY;
  /** As the system's figures have it. */
  #spare = Number.POSITIVE_INFINITY;
  #lookAt = { connections: FEW, now: 0 };

  constructor(most: number, resources?: Resources) {
    this.size = most;
    this.#most = most;
    this.#descriptors = resources && (() => resources.descriptors());
  }

  /** One more could not be opened. `now` is the coarse time. */
  shrink(size: number, now: number): void {
    this.#proven = size;
    this.#tryAt = now + PATIENCE_MS;
    this.#settle();
  }

  /** One more is being opened: looks how many files are, if many came since it did. */
  opened(connections: ConnectionCounts, now: number): void {
    if (connections.all >= this.#lookAt.connections) this.#look(connections, now);
  }

  /** Whether there is room for more than before. */
  grows(connections: ConnectionCounts, now: number): boolean {
    const before = this.size;
    if (connections.all >= FEW && now >= this.#lookAt.now) this.#look(connections, now);
    if (now > this.#tryAt) {
      this.#proven *= 2;
      this.#tryAt = this.#proven >= this.#most ? Number.POSITIVE_INFINITY : now + PATIENCE_MS;
      this.#settle();
    }
    return this.size > before;
  }

  #look({ all, opening }: ConnectionCounts, now: number): void {
    const descriptors = this.#descriptors?.();
    if (descriptors === undefined) {
      this.#lookAt = { connections: Number.POSITIVE_INFINITY, now: Number.POSITIVE_INFINITY };
      return;
    }
    const { open, limit } = descriptors;
    const free = limit - open - Math.max(LEAST_SPARED, limit * SHARE_SPARED) - opening;
    this.#spare = Math.floor(all + free);
    this.#lookAt = { connections: all + Math.max(FEW, free / 4), now: now + LOOK_EVERY_MS };
    this.#settle();
  }

  #settle(): void {
    this.size = Math.max(1, Math.min(this.#most, this.#proven, this.#spare));
  }
}
