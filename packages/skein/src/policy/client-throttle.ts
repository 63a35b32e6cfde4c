/**
 * Client-side adaptive throttling, of Google's "Site Reliability Engineering" (chapter 21, "Handling Overload"), which Envoy's
 * admission control follows, too: of the calls made of late, counting those that were refused here, an origin accepts some. Once it accepts
 * fewer than one of `multiplier`, so many are refused here that it gets `multiplier` times what it accepts:
 *
 *   share refused = max(0, (requests − multiplier · accepts) ÷ (requests + 1))
 *
 * It always gets some, so that it is seen when it accepts more. Those refused are of the lowest priority, as far as there are
 * enough of them; chance decides among equals.
 */
export interface ThrottleRules {
  readonly multiplier: number;
  readonly windowMs: number;
}

/** With fewer requests in the window nothing is decided. */
const LEAST_REQUESTS = 20;
const SLOTS = 10;

interface Slot {
  /** Which stretch of time it counts; old ones are emptied when they are met. */
  stretch: number;
  accepts: number;
  readonly requests: Map<number, number>;
}

export class ClientThrottle {
  readonly #multiplier: number;
  readonly #slotMs: number;
  readonly #slots: Slot[] = [];

  constructor({ multiplier, windowMs }: ThrottleRules) {
    this.#multiplier = multiplier;
    this.#slotMs = windowMs / SLOTS;
  }

  /** The share of all calls that is refused now. */
  share(now: number): number {
    const { requests, accepts } = this.#count(now, Number.NEGATIVE_INFINITY);
    return this.#shareOf(requests, accepts);
  }

  /** The probability with which a call of this priority is refused now. */
  refusal(priority: number, now: number): number {
    const { requests, accepts, below, equal } = this.#count(now, priority);
    const refused = this.#shareOf(requests, accepts) * requests;
    return Math.min(1, Math.max(0, (refused - below) / Math.max(1, equal)));
  }

  /** A request was answered, or refused here. */
  ended({ accepted, priority, now }: { accepted: boolean; priority: number; now: number }): void {
    const slot = this.#slotAt(now);
    slot.requests.set(priority, (slot.requests.get(priority) ?? 0) + 1);
    if (accepted) slot.accepts += 1;
  }

  /** Whether it has nothing to remember. */
  isQuiet(now: number): boolean {
    return this.#count(now, 0).requests === 0;
  }

  #shareOf(requests: number, accepts: number): number {
    if (requests < LEAST_REQUESTS) return 0;
    return Math.max(0, (requests - this.#multiplier * accepts) / (requests + 1));
  }

  #count(now: number, priority: number) {
    const oldest = this.#stretch(now) - SLOTS;
    const counts = { requests: 0, accepts: 0, below: 0, equal: 0 };
    for (const slot of this.#slots) {
      if (slot.stretch <= oldest) continue;
      counts.accepts += slot.accepts;
      for (const [level, count] of slot.requests) {
        counts.requests += count;
        if (level < priority) counts.below += count;
        else if (level === priority) counts.equal += count;
      }
    }
    return counts;
  }

  #slotAt(now: number): Slot {
    const stretch = this.#stretch(now);
    const at = stretch % SLOTS;
    let slot = this.#slots.find(known => known.stretch % SLOTS === at);
    if (slot === undefined) {
      slot = { stretch, accepts: 0, requests: new Map() };
      this.#slots.push(slot);
    } else if (slot.stretch !== stretch) {
      slot.stretch = stretch;
      slot.accepts = 0;
      slot.requests.clear();
    }
    return slot;
  }

  #stretch(now: number): number {
    return Math.floor(now / this.#slotMs);
  }
}
