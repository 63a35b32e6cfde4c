import type { Clock } from "../core/clock.ts";
import { HandlerError } from "../core/errors.ts";
import type { ProgressListener } from "../core/progress.ts";

const INTERVAL_MS = 50;

/** The time in which an old rate loses most of its weight. */
const MEMORY_MS = 2_000;

/** Counts the bytes of one body, and tells of them. */
export class ProgressMeter {
  bytes: number;
  total: number | undefined;
  readonly #listener: ProgressListener;
  readonly #name: string;
  readonly #clock: Clock;
  #rate = 0;
  #told: { at: number; bytes: number };
  #tellAt: number;

  /** @param facts `name`: the option that the listener was given for; `bytes`: those that are there already */
  constructor(
    listener: ProgressListener,
    clock: Clock,
    facts: { name: string; bytes?: number; total?: number | undefined },
  ) {
    this.#listener = listener;
    this.#clock = clock;
    this.#name = facts.name;
    this.bytes = facts.bytes ?? 0;
    this.total = facts.total;
    const now = clock.now();
    this.#told = { at: now, bytes: this.bytes };
    this.#tellAt = now;
  }

  /** @throws (rejects with) HandlerError when the listener throws */
  async add(bytes: number): Promise<void> {
    this.bytes += bytes;
    const now = this.#clock.now();
    if (now >= this.#tellAt && this.bytes !== this.total) await this.#tell(now);
  }

  /** The body has come to its end. */
  end(): Promise<void> {
    return this.#tell(this.#clock.now());
  }

  /** The body begins anew. */
  restart(bytes: number, total: number | undefined): void {
    this.bytes = bytes;
    this.total = total;
    this.#told = { at: this.#clock.now(), bytes };
  }

  async #tell(now: number): Promise<void> {
    const elapsed = now - this.#told.at;
    if (elapsed > 0) {
      const sample = ((this.bytes - this.#told.bytes) / elapsed) * 1_000;
      const weight = this.#rate === 0 ? 1 : 1 - Math.exp(-elapsed / MEMORY_MS);
      this.#rate += (sample - this.#rate) * weight;
      this.#told = { at: now, bytes: this.bytes };
    }
    this.#tellAt = now + INTERVAL_MS;
    try {
      await this.#listener({ bytes: this.bytes, total: this.total, rate: this.#rate });
    } catch (cause) {
      throw new HandlerError(this.#name, cause);
    }
  }
}
