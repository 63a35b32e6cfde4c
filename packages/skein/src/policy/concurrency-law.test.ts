import { describe, expect, test } from "@skein/testkit";
import { TimeHeap } from "../batch/scheduler/time-heap.ts";
import { ConcurrencyLaw } from "./concurrency-law.ts";

const SEEDS = [1, 2, 3, 4, 5];

interface Run {
  readonly seed: number;
  /** Requests that the server works on at once, by time. */
  readonly slots: (now: number) => number;
  readonly serviceMs: number;
  /** Requests that may wait in the server; the next is refused at once. */
  readonly queue?: number;
  readonly untilMs: number;
  readonly max?: number;
}

interface Sent {
  readonly at: number;
  refused: boolean;
}

interface Done {
  readonly at: number;
  readonly ms: number;
  readonly refused: boolean;
}

/** A sender that always has more, held by the law, before a server of one FIFO queue. */
function simulate({
  seed,
  slots,
  serviceMs,
  queue = Number.POSITIVE_INFINITY,
  untilMs,
  max = 2_000,
}: Run): Done[] {
  const random = seeded(seed);
  const law = new ConcurrencyLaw(max);
  const ends = new TimeHeap<Sent>();
  const waiting: Sent[] = [];
  const done: Done[] = [];
  let [now, busy, inFlight, head, resumeAt] = [0, 0, 0, 0, 0];
  const serve = () => {
    while (busy < slots(now) && head < waiting.length) {
      busy += 1;
      ends.push(now + serviceMs * (0.75 + 0.5 * random()), waiting[head++]!);
    }
  };
  const send = () => {
    while (inFlight < law.limit && now >= resumeAt) {
      const sent = { at: now, refused: waiting.length - head >= queue };
      inFlight += 1;
      if (sent.refused) ends.push(now + 1, sent);
      else waiting.push(sent);
      serve();
    }
  };
  for (send(); ; send()) {
    if (ends.size === 0) now = resumeAt;
    else {
      now = ends.nextDue;
      const sent = ends.shiftDue(now)!;
      if (now > untilMs) return done;
      if (sent.refused) resumeAt = now + 100;
      else busy -= 1;
      law.ended({ now, good: !sent.refused, ms: now - sent.at, inFlight });
      inFlight -= 1;
      done.push({ at: now, ms: now - sent.at, refused: sent.refused });
      serve();
    }
  }
}

/** What share of what the server could do was done between two times. */
function utilisation(done: Done[], { from, to, perMs }: { from: number; to: number; perMs: number }): number {
  return done.filter(({ at, refused }) => !refused && at >= from && at < to).length / ((to - from) * perMs);
}

function median(done: Done[], from: number): number {
  const times = done.filter(({ at, refused }) => at >= from && !refused).map(({ ms }) => ms);
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

function meanOfSeeds(figure: (seed: number) => number): number {
  return SEEDS.reduce((sum, seed) => sum + figure(seed), 0) / SEEDS.length;
}

describe.each([
  { slots: 4, serviceMs: 200, longest: 2.6 },
  { slots: 100, serviceMs: 100, longest: 1.6 },
  { slots: 500, serviceMs: 100, longest: 1.6 },
])("a server of $slots slots, mean of 5 seeds", ({ slots, serviceMs, longest }) => {
  const run = { slots: () => slots, serviceMs, untilMs: 60_000 };
  const from = 10_000;

  test("is used to 97 % at least, and its queue stays short", () => {
    const runs = SEEDS.map(seed => simulate({ ...run, seed }));
    const used = meanOfSeeds(seed =>
      utilisation(runs[seed - 1]!, { from, to: 60_000, perMs: slots / serviceMs }),
    );
    const middle = meanOfSeeds(seed => median(runs[seed - 1]!, from)) / serviceMs;
    expect(used).toBeGreaterThanOrEqual(0.97);
    expect(middle).toBeLessThanOrEqual(longest);
  });

  test("with a bounded queue refuses 1 % at most", () => {
    const refused = meanOfSeeds(seed => {
      const done = simulate({ ...run, seed, queue: slots });
      return done.filter(one => one.refused).length / done.length;
    });
    expect(refused).toBeLessThanOrEqual(0.01);
  });
});

test.each([0.5, 2])("capacity times %s is followed within 10 s", factor => {
  const used = meanOfSeeds(seed => {
    const slots = (now: number) => (now < 30_000 ? 100 : 100 * factor);
    const done = simulate({ seed, slots, serviceMs: 100, untilMs: 50_000 });
    return utilisation(done, { from: 40_000, to: 50_000, perMs: factor });
  });
  expect(used).toBeGreaterThanOrEqual(0.85);
});

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
