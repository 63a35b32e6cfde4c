import { describe, expect, type OriginExchange, originServer, sendText, test } from "@skein/testkit";
import { type Attempt, Client } from "../src/entry/node.ts";

/** Takes so many requests in each second; what is beyond that is refused until the next. */
class LimitedOrigin {
  accepted = 0;
  refused = 0;
  readonly #perSecond: number;
  #second = -1;
  #used = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  readonly route = ({ response }: OriginExchange): void => {
    const now = performance.now();
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#used = 0;
    }
    if (this.#used < this.#perSecond) {
      this.#used += 1;
      this.accepted += 1;
      return sendText(response, "ok");
    }
    this.refused += 1;
    response.statusCode = 429;
    response.setHeader("retry-after", "1");
    sendText(response, "slow down");
  };
}

/** Attempts that began in the second after a refusal had been received. */
function sentWhileCooling(attempts: readonly Attempt[]): number {
  const until = (attempt: Attempt) => attempt.startedAt + attempt.durationMs;
  const refusals = attempts.filter(({ status }) => status === 429).map(until);
  return attempts.filter(({ startedAt }) => refusals.some(at => startedAt > at + 1 && startedAt < at + 999))
    .length;
}

test("an origin that takes 100 a second is soon sent about that, and left alone when it asks for it", {
  timeout: 90_000,
  // A machine that is busy with something else sends too late what it may: it has three goes.
  retry: 2,
}, async () => {
  const limited = new LimitedOrigin(100);
  await using origin = await originServer({ routes: { limited: limited.route } });
  await using client = new Client();
  const items = Array.from({ length: 2_000 }, (_, i) => `${origin.url}/limited?${i}`);
  const batch = client.batch(items);
  const started = performance.now();
  let settled = 0;
  const attempts: Attempt[] = [];
  let seen: number | undefined;
  for await (const task of batch) {
    expect(task.state).toBe("succeeded");
    attempts.push(...task.attempts);
    if (++settled === 1_000) seen = batch.origin(origin.url).limits()?.rate;
  }
  const seconds = (performance.now() - started) / 1_000;
  expect(settled).toBe(2_000);
  expect(sentWhileCooling(attempts)).toBeLessThan(20);
  // All that is in flight when the first refusal comes, and then very few.
  expect(limited.refused).toBeLessThan(100);
  expect(2_000 / seconds).toBeGreaterThanOrEqual(80);
  expect(seen).toBeGreaterThan(60);
  expect(seen).toBeLessThan(220);
});

describe("one origin of ten that hangs", () => {
  /** Answers at a pace of its own, so that the time of a batch is the server's to say. */
  class PacedOrigin {
    #next = 0;
    readonly #intervalMs: number;

    constructor(intervalMs: number) {
      this.#intervalMs = intervalMs;
    }

    readonly route = ({ response }: OriginExchange): void => {
      const now = performance.now();
      this.#next = Math.max(now, this.#next) + this.#intervalMs;
      setTimeout(() => sendText(response, "ok"), this.#next - now);
    };
  }

  const EACH = 150;

  async function timeOf(client: Client, bases: readonly string[], hanging?: string): Promise<number> {
    const all = hanging === undefined ? bases : [hanging, ...bases];
    const items = Array.from({ length: EACH * all.length }, (_, i) => `${all[i % all.length]}?${i}`);
    const batch = client.batch(items, { concurrency: 80, perOrigin: 8, timeout: "60s" });
    const started = performance.now();
    let left = EACH * bases.length;
    for await (const task of batch)
      if (task.state === "succeeded" && --left === 0) return performance.now() - started;
    throw new Error(`${left} did not succeed`);
  }

  const servers = () =>
    Promise.all(
      Array.from({ length: 9 }, () => originServer({ routes: { paced: new PacedOrigin(20).route } })),
    );

  test("does not hold up the nine others", { timeout: 60_000 }, async () => {
    await using client = new Client({ timeout: "60s" });
    await using other = new Client({ timeout: "60s" });
    await using hanging = await originServer({ routes: { hang: () => undefined } });
    const [mine, others] = [await servers(), await servers()];
    const bases = (origins: typeof mine) => origins.map(({ url }) => `${url}/paced`);
    try {
      // At the same time, so that whatever else keeps the machine busy is the same for both.
      const [beside, without] = await Promise.all([
        timeOf(client, bases(mine), `${hanging.url}/hang`),
        timeOf(other, bases(others)),
      ]);
      expect(beside / without).toBeGreaterThan(0.95);
      expect(beside / without).toBeLessThan(1.05);
    } finally {
      await Promise.all([...mine, ...others].map(origin => origin.close()));
    }
  });
});
