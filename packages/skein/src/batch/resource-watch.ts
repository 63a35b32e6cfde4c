import type { Clock, Timer } from "../core/clock.ts";
import type { Resources } from "../core/resources.ts";
import { ResourceGate } from "../policy/resource-gate.ts";
import type { BatchBase } from "./batch-base.ts";
import type { BatchProgress } from "./batch-options.ts";
import type { BatchSettings } from "./batch-settings.ts";

const TICK_MS = 100;

interface Runtime {
  /** In flight, where there is enough of everything. */
  readonly most: number;
  readonly clock: Clock;
  readonly resources: Resources;
  readonly room: BatchBase<never>["room"];
}

/** What is watched of a batch, and how it is told. */
interface Watched {
  /** In flight. */
  running(): number;
  /** More may be in flight than before. */
  grown(): void;
}

/** Looks, while requests are in flight, whether this process has enough for as many. */
export class ResourceWatch {
  readonly #clock: Clock;
  readonly #resources: Resources;
  readonly #room: BatchBase<never>["room"];
  readonly #watched: Watched;
  readonly #gate: ResourceGate;
  #timer: Timer | undefined;

  /** Where a batch shall find out how many it may have in flight, and this runtime tells what it needs for that. */
  static of(
    { findsConcurrency, concurrency }: Pick<BatchSettings, "findsConcurrency" | "concurrency">,
    { clock, resources, room }: Pick<BatchBase<never>, "clock" | "resources" | "room">,
    watched: Watched,
  ): ResourceWatch | undefined {
    if (!findsConcurrency || resources === undefined) return undefined;
    return new ResourceWatch({ most: concurrency, clock, resources, room }, watched);
  }

  private constructor({ most, clock, resources, room }: Runtime, watched: Watched) {
    this.#clock = clock;
    this.#resources = resources;
    this.#room = room;
    this.#watched = watched;
    this.#gate = new ResourceGate(most);
  }

  get limit(): number {
    return this.#gate.limit;
  }

  /** What keeps it below the most, and how far. */
  get gate(): BatchProgress["gate"] {
    const { gate: by, limit: concurrency } = this.#gate;
    return by && { by, concurrency };
  }

  /** A request is about to go out. */
  started(): void {
    if (this.#timer === undefined) this.#tickLater();
  }

  #tickLater(): void {
    const due = this.#clock.now() + TICK_MS;
    this.#timer = this.#clock.setTimer(() => this.#tick(due), TICK_MS);
    // What is in flight keeps the process alive.
    this.#timer.unref();
  }

  #tick(due: number): void {
    const { running, grown } = this.#watched;
    this.#timer = undefined;
    const { limit } = this;
    this.#gate.see({
      running: running(),
      room: this.#room?.() ?? Number.POSITIVE_INFINITY,
      memory: this.#resources.memory(),
      late: this.#clock.now() - due,
    });
    if (running() > 0) this.#tickLater();
    if (this.limit > limit) grown();
  }
}
