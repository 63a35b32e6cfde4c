import { describe, expect, test } from "@skein/testkit";
import { LearnedRate } from "./learned-rate.ts";

/** An origin that takes so many in each window, and says when the next begins; or, silent, does not say. */
interface Limit {
  readonly count: number;
  readonly windowMs: number;
  readonly isSilent?: boolean;
}

interface Outcome {
  readonly accepted: number;
  readonly refused: number;
}

/** A sender that always has more, one request at a time in no time; `until` in milliseconds. */
function send({ count, windowMs, isSilent }: Limit, until: number): Outcome {
  let learned: LearnedRate | undefined;
  let [now, coolUntil, accepted, refused, window, used, inARow] = [0, 0, 0, 0, -1, 0, 0];
  while (now < until) {
    now = Math.max(now + 0.1, coolUntil, learned?.readyAt ?? 0);
    if (Math.floor(now / windowMs) !== window) [window, used] = [Math.floor(now / windowMs), 0];
    learned?.take(now);
    if (used < count) {
      used += 1;
      accepted += 1;
      inARow = 0;
      continue;
    }
    refused += 1;
    const told = Math.max(1_000, Math.ceil(((window + 1) * windowMs - now) / 1_000) * 1_000);
    const waitMs = isSilent ? 2_000 * 2 ** inARow++ : told;
    coolUntil = now + waitMs;
    const event = { now, waitMs, quota: undefined };
    if (learned === undefined) learned = new LearnedRate(event, { count: accepted, ms: now });
    else learned.throttled(event);
  }
  return { accepted, refused };
}

describe("a rate that is found out", () => {
  test.each([
    [{ count: 100, windowMs: 1_000 }, 60_000, 0.8],
    [{ count: 1_000, windowMs: 1_000 }, 60_000, 0.8],
    [{ count: 10, windowMs: 1_000 }, 120_000, 0.7],
    [{ count: 60, windowMs: 60_000 }, 3_600_000, 0.65],
  ])("comes near to what is allowed, with few refusals: %j for %i ms, %f", (limit, until, share) => {
    const { accepted, refused } = send(limit, until);
    const allowed = (limit.count * until) / limit.windowMs;
    expect(accepted / allowed).toBeGreaterThan(share);
    // Of ten a second, each second, one is much.
    expect(refused / accepted).toBeLessThan(limit.count < 60 ? 0.02 : 0.01);
  });

  test("also where the origin does not say for how long it refuses", () => {
    const { accepted, refused } = send({ count: 100, windowMs: 1_000, isSilent: true }, 120_000);
    expect(accepted / 12_000).toBeGreaterThan(0.7);
    expect(refused).toBeLessThan(20);
    const minutes = send({ count: 60, windowMs: 60_000, isSilent: true }, 3_600_000);
    expect(minutes.accepted / 3_600).toBeGreaterThan(0.15);
    expect(minutes.refused / minutes.accepted).toBeLessThan(0.1);
  });

  test("begins at 0.7 of what was measured, is nearly back after three cool-downs, then grows", () => {
    const rate = new LearnedRate({ now: 1_000, waitMs: 1_000, quota: undefined }, { count: 100, ms: 1_000 });
    expect(rate.perSecond(2_000)).toBeCloseTo(70, 6);
    expect(rate.perSecond(6_500)).toBeGreaterThan(94);
    // Nothing was sent: there is no reason for more.
    expect(rate.perSecond(60_000)).toBe(95);
    for (let now = 58_000; now < 60_000; now += 5) rate.take(now);
    expect(rate.perSecond(60_000)).toBeGreaterThan(150);
    expect(rate.perSecond(60_000)).toBeLessThanOrEqual(410);
  });

  test("is the quota where the origin tells one", () => {
    const quota = { count: 50, per: 1_000, burst: undefined };
    const rate = new LearnedRate({ now: 0, waitMs: 1_000, quota }, { count: 500, ms: 100 });
    expect([rate.perSecond(0), rate.perSecond(100_000)]).toEqual([50, 50]);
    let sent = 0;
    for (let now = 1_000; now < 11_000; now += 1) {
      if (rate.readyAt > now) continue;
      rate.take(now);
      sent += 1;
    }
    expect(sent).toBeLessThanOrEqual(500);
    expect(sent).toBeGreaterThan(450);
  });
});
