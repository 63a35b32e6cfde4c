import type { CoarseTime, Connection } from "../connection/connection.ts";
import { idleLimit, type PoolLimits } from "./limits.ts";

/** Which connections are not to be used any more, by their age, their idleness and their use. */
export class Wear {
  readonly #limits: PoolLimits;
  readonly #time: CoarseTime;

  constructor(limits: PoolLimits, time: CoarseTime) {
    this.#limits = limits;
    this.#time = time;
  }

  hasExpired({ idleSince, serverKeepAliveMs }: Connection): boolean {
    return this.#time.now - idleSince > idleLimit(this.#limits, serverKeepAliveMs);
  }

  isUsedUp(connection: Connection): boolean {
    return connection.requests >= this.#limits.maxRequestsPerConnection || this.isTooOld(connection);
  }

  isTooOld({ openedAt }: Connection): boolean {
    return this.#time.now - openedAt > this.#limits.maxAge;
  }
}
