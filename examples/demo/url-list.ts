/** How an item must end for the demo to be as expected. */
export type Ending = "succeeded" | "failed";

/** A kind of URL on the demo's list: so many of them, and what becomes of each. */
export interface Kind {
  readonly name: string;
  /** Of every thousand URLs. */
  readonly share: number;
  readonly ending: Ending;
  url(origins: Origins, index: number): string;
}

/** Base URLs of the two servers. */
export interface Origins {
  readonly main: string;
  /** Answers 429 now and then; on a port of its own, for a limit holds for an origin. */
  readonly limited: string;
}

export const KINDS: readonly Kind[] = [
  { name: "fast", share: 600, ending: "succeeded", url: ({ main }, i) => `${main}/json?item=${i}` },
  {
    name: "slow (20–200 ms)",
    share: 300,
    ending: "succeeded",
    url: ({ main }, i) => `${main}/delay/${20 + ((i * 37) % 181)}?item=${i}`,
  },
  {
    name: "redirected",
    share: 30,
    ending: "succeeded",
    url: ({ main }, i) => `${main}/redirect/302?to=/ok&item=${i}`,
  },
  {
    name: "503 first, then 200",
    share: 20,
    ending: "succeeded",
    url: ({ main }, i) => `${main}/flaky/${i}/1`,
  },
  { name: "rate-limited", share: 30, ending: "succeeded", url: ({ limited }, i) => `${limited}/page/${i}` },
  { name: "not found", share: 15, ending: "failed", url: ({ main }, i) => `${main}/status/404?item=${i}` },
  {
    name: "reset in the body",
    share: 5,
    ending: "failed",
    url: ({ main }, i) => `${main}/reset-mid-body?item=${i}`,
  },
];

/** One URL of the list, and what it is there for. */
export interface Entry {
  readonly kind: Kind;
  readonly url: string;
}

const SHARES = KINDS.reduce((sum, kind) => sum + kind.share, 0);

/** So many URLs, the kinds mixed well and the same in every run. */
export function urlList(origins: Origins, length: number): Entry[] {
  return Array.from({ length }, (_, index) => {
    // 619 and 1000 have no common divisor: so each block of a thousand holds every kind by its share.
    const kind = kindAt((index * 619) % SHARES);
    return { kind, url: kind.url(origins, index) };
  });
}

function kindAt(place: number): Kind {
  let end = 0;
  for (const kind of KINDS) {
    end += kind.share;
    if (place < end) return kind;
  }
  throw new RangeError(`no kind at ${place} of ${SHARES}`);
}
