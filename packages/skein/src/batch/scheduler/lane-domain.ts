/** The origins of one registrable domain, which share a limit: `a.example.com` and `b.example.com` are mostly one machine room. */
export class LaneDomain<L> {
  readonly name: string;
  running = 0;
  /** Origins of it that are known. */
  lanes = 0;
  readonly #most: number;
  /** Those that only the limit keeps from starting something, longest first. */
  readonly #waiting = new Set<L>();

  constructor(name: string, most: number) {
    this.name = name;
    this.#most = most;
  }

  get hasRoom(): boolean {
    return this.running < this.#most;
  }

  wait(lane: L): void {
    this.#waiting.add(lane);
  }

  /** The one that has waited longest, if there is room for what it would start. */
  takeWaiting(): L | undefined {
    if (!this.hasRoom) return undefined;
    for (const lane of this.#waiting) {
      this.#waiting.delete(lane);
      return lane;
    }
    return undefined;
  }

  /** It has nothing to wait for any more, or stands in its turn again. */
  forget(lane: L): void {
    this.#waiting.delete(lane);
  }
}
