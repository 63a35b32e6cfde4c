/** How many a thread may have in flight. */
export interface GrantedShare {
  readonly places: number;
  /** Which of the shares of the thread it is: a thread that tells this one has no older one to come. */
  readonly version: number;
}

interface Share {
  version: number;
  /** What the thread was told last. */
  granted: number;
  /** As many as it may have in flight at this moment: after less was granted, what it has not let go of yet. */
  held: number;
  /** As many as it had a use for when it was last heard of. */
  wanted: number;
  hasEnded: boolean;
}

/**
 * Divides how many requests may be in flight among threads, by what each has to do. Fewer are granted first, and only
 * what a thread has let go of is granted to another: never are more in flight than there may be.
 */
export class Shares {
  readonly #shares: readonly Share[];
  #total: number;

  /** @param total how many may be in flight, at first as evenly as can be: a thread may get none */
  constructor(total: number, threads: number) {
    this.#total = total;
    this.#shares = Array.from({ length: threads }, (_, index) => {
      const granted = Math.floor(total / threads) + (index < total % threads ? 1 : 0);
      return { version: 0, granted, held: granted, wanted: granted, hasEnded: false };
    });
  }

  of(thread: number): GrantedShare {
    const { granted, version } = this.#shares[thread]!;
    return { places: granted, version };
  }

  set total(total: number) {
    this.#total = total;
  }

  /** A thread tells which share it has in force, how many it has in flight, and for how many more it has items. */
  heard(thread: number, said: { version: number; running: number; ready: number }): void {
    const share = this.#shares[thread]!;
    share.wanted = said.running + said.ready;
    if (said.version === share.version) share.held = Math.max(share.granted, said.running);
  }

  /** A thread has done: nothing of it is in flight. */
  ended(thread: number): void {
    Object.assign(this.#shares[thread]!, { granted: 0, held: 0, wanted: 0, hasEnded: true });
  }

  /** Divides anew. Returns the threads that have another share than before. */
  divide(): number[] {
    const before = this.#shares.map(({ granted }) => granted);
    const targets = evenly(this.#total, this.#shares);
    let free = this.#total - sum(this.#shares.map(({ held }) => held));
    this.#shares.forEach((share, index) => {
      const target = targets[index]!;
      // What it still holds it may simply be left.
      const most = share.held + Math.max(0, free);
      share.granted = Math.min(target, most);
      free -= Math.max(0, share.granted - share.held);
      share.held = Math.max(share.held, share.granted);
    });
    const changed = before.flatMap((granted, index) => (granted === this.of(index).places ? [] : [index]));
    for (const thread of changed) this.#shares[thread]!.version += 1;
    return changed;
  }
}

/** To each what it wants where that is less than an even part, the others the rest; what nobody wants is divided as well. */
function evenly(total: number, shares: readonly Share[]): number[] {
  const targets = shares.map(() => 0);
  let left = total;
  for (const isWanted of [true, false]) {
    let open = shares.flatMap(({ hasEnded }, index) => (hasEnded ? [] : [index]));
    while (left > 0 && open.length > 0) {
      const part = Math.max(1, Math.floor(left / open.length));
      const next: number[] = [];
      for (const index of open) {
        const room = isWanted ? shares[index]!.wanted - targets[index]! : part;
        const given = Math.min(room, part, left);
        targets[index]! += given;
        left -= given;
        if (given === part && room > part) next.push(index);
      }
      open = next;
      if (!isWanted) break;
    }
  }
  return targets;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
