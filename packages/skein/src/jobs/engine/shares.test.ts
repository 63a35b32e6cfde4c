import { expect, test } from "@skein/testkit";
import { type GrantedShare, Shares } from "./shares.ts";

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

/** A thread as the shares know it: what it was told comes late, and what is in flight ends when it ends. */
class Thread {
  running = 0;
  ready = 0;
  share: GrantedShare;
  readonly told: GrantedShare[] = [];

  constructor(share: GrantedShare) {
    this.share = share;
  }

  step(random: () => number): void {
    if (this.told.length > 0 && random() < 0.5) this.share = this.told.shift()!;
    this.running -= Math.floor(random() * (this.running + 1));
    const begun = Math.min(this.ready, Math.max(0, this.share.places - this.running));
    this.running += begun;
    this.ready -= begun;
  }
}

test.for([1, 2, 7, 50, 64])(
  "%i places: never more in flight than those, and all of them where there is use for them",
  total => {
    const seed = Date.now() % 1_000_000;
    let state = seed;
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    for (let round = 0; round < 50; round++) {
      const count = 1 + Math.floor(random() * 6);
      const shares = new Shares(total, count);
      const threads = Array.from({ length: count }, (_, index) => new Thread(shares.of(index)));
      const divide = () => {
        for (const index of shares.divide()) threads[index]!.told.push(shares.of(index));
      };
      for (let step = 0; step < 100; step++) {
        const index = Math.floor(random() * count);
        const thread = threads[index]!;
        if (random() < 0.3) thread.ready += Math.floor(random() * 100);
        for (const each of threads) each.step(random);
        shares.heard(index, { ...thread, version: thread.share.version });
        divide();
        expect(sum(threads.map(({ running }) => running)), `seed ${seed}`).toBeLessThanOrEqual(total);
      }
      // Then one alone has something to do.
      threads[0]!.ready = 1_000_000;
      for (let step = 0; step < 40; step++) {
        threads.forEach((thread, index) => {
          thread.told.splice(0).forEach(share => {
            thread.share = share;
          });
          if (index > 0) Object.assign(thread, { running: 0, ready: 0 });
          else thread.running = thread.share.places;
          shares.heard(index, { ...thread, version: thread.share.version });
          divide();
        });
      }
      expect(shares.of(0).places, `seed ${seed}`).toBe(total);
    }
  },
);

const full = (places: number, version = 0) => ({ version, running: places, ready: 100 });

test("who has ended leaves its places to the others", () => {
  const shares = new Shares(10, 2);
  shares.ended(1);
  shares.heard(0, full(5));
  expect(shares.divide()).toEqual([0]);
  expect(shares.of(0)).toEqual({ places: 10, version: 1 });
});

test("fewer places in all: others are granted when some have been let go of", () => {
  const shares = new Shares(10, 2);
  shares.heard(0, full(5));
  shares.heard(1, full(5));
  shares.total = 4;
  shares.divide();
  expect([shares.of(0).places, shares.of(1).places]).toEqual([2, 2]);
  shares.total = 8;
  // The second has not let go of its five.
  shares.heard(0, full(2, 1));
  shares.divide();
  expect([shares.of(0).places, shares.of(1).places]).toEqual([3, 4]);
});
