import { contextOf, describe, expect, FakeClock, requestOf, responseOf, test } from "@skein/testkit";
import { AbortError, CircuitOpen, ConnectError, LocalRateLimited, type SkeinError } from "../core/errors.ts";
import type { Request } from "../core/request.ts";
import type { CallSettings, RequestContext } from "../core/request-context.ts";
import type { Response } from "../core/response.ts";
import type { Service } from "../core/service.ts";
import { BatchRun } from "./batch.ts";
import type { BatchOptions } from "./batch-options.ts";
import type { SettledTask } from "./task.ts";

/** Whole batches on a clock that is told the time, beside origins that fail. */

type Task = SettledTask<string, unknown>;
type Options = BatchOptions<string, unknown, string>;
/** What an origin does with a request: a status, or an error, after a while. */
type Behaviour = (
  now: number,
  host: string,
  url: string,
) => { status?: number; error?: SkeinError; ms: number };

class Origins implements Service {
  readonly sent: { readonly host: string; readonly at: number }[] = [];
  readonly #clock: FakeClock;
  readonly #behave: Behaviour;

  constructor(clock: FakeClock, behave: Behaviour) {
    this.#clock = clock;
    this.#behave = behave;
  }

  send(request: Request, context: RequestContext): Promise<Response> {
    const host = request.url.origin.hostname.split(".")[0]!;
    this.sent.push({ host, at: this.#clock.now() });
    const { status, error, ms } = this.#behave(this.#clock.now(), host, request.url.href);
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(() => {
        context.onCancel = undefined;
        if (error !== undefined) reject(error);
        else resolve(responseOf(request, { status: status! }));
      }, ms);
      context.onCancel = reason => {
        timer.cancel();
        reject(new AbortError(reason));
      };
    });
  }

  sentTo(host: string, from = 0, to = Number.POSITIVE_INFINITY): number {
    return this.sent.filter(sent => sent.host === host && sent.at >= from && sent.at < to).length;
  }

  async close(): Promise<void> {}
}

const { timeouts, policies, streaming, maxResponseBytes } = contextOf();
const SETTINGS: CallSettings = {
  timeouts,
  policies,
  streaming,
  maxResponseBytes,
  raiseForStatus: false,
  defaultEncoding: undefined,
  parseJson: undefined,
  events: undefined,
};

function start(behave: Behaviour, items: readonly string[], options: Options = {}, timeLeft?: number) {
  const clock = new FakeClock();
  const origins = new Origins(clock, behave);
  const batch = new BatchRun<string, unknown, string>(items, options, {
    clock,
    service: origins,
    settings: SETTINGS,
    maxConnections: 1_000,
    maxConnectionsPerOrigin: 1_000,
    maxInFlightPerOrigin: 1_000,
    build: item => ({ request: requestOf(item), timeLeft: timeLeft ?? Number.POSITIVE_INFINITY }),
    complete: error => error as SkeinError,
  });
  const settled: Task[] = [];
  const reading = (async () => {
    for await (const task of batch) settled.push(task);
  })();
  return { clock, origins, batch, settled, reading };
}

/** Goes on until all have settled; how long that took. */
async function toTheEnd({ clock, batch, reading }: ReturnType<typeof start>): Promise<number> {
  await clock.tick(0);
  const isOpen = () => batch.progress.pending + batch.progress.running + batch.progress.waiting > 0;
  for (let step = 0; isOpen(); step++) {
    if (step > 100_000) throw new Error(`the batch does not end: ${JSON.stringify(batch.progress)}`);
    await clock.tick(Math.max(1, clock.nextTimerIn ?? 1));
  }
  await clock.tick(0);
  await reading;
  expect(clock.pendingTimers).toBe(0);
  return clock.now();
}

const urls = (host: string, count: number) =>
  Array.from({ length: count }, (_, i) => `http://${host}.test/${i}`);
const states = (tasks: readonly Task[]) => {
  const counts: Record<string, number> = {};
  for (const { state } of tasks) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
};
const refused = () => new ConnectError("CONNECTION_REFUSED", "connection refused", { requestSent: "none" });

describe("an origin that is down", () => {
  const downFrom = 1_000;
  const backAt = 60_000;
  const outage: Behaviour = (now, host) =>
    host === "down" && now >= downFrom && now < backAt
      ? { error: refused(), ms: 1 }
      : { status: 200, ms: 20 };

  test("is left alone, its tasks wait; when it is back they all succeed", async () => {
    const run = start(outage, urls("down", 3_000), { concurrency: 10, attempts: 5 });
    await run.clock.tick(20_000);
    expect(run.batch.progress.waitingFor["circuit open"]).toBeGreaterThan(100);
    expect(run.batch.progress.pending).toBe(0);
    const seen = run.origins.sentTo("down", 15_000, backAt);
    const end = await toTheEnd(run);
    // Probes at about 6, 16, 36 s: one each.
    expect(seen).toBeLessThanOrEqual(4);
    expect(run.origins.sentTo("down", 15_000, backAt)).toBeLessThanOrEqual(4);
    expect(states(run.settled)).toEqual({ succeeded: 3_000 });
    // Open 40 s at most, a fifth more by chance.
    expect(end).toBeLessThan(backAt + 50_000);
  });

  test("gets no more than it did before, then probes alone", async () => {
    const run = start(outage, urls("down", 1_000), { perOriginRate: "100/s" });
    await run.clock.tick(backAt - 1);
    const inSecond = (second: number) => run.origins.sentTo("down", second * 1_000, (second + 1) * 1_000);
    for (let second = 0; second < 10; second++) expect(inSecond(second)).toBeLessThanOrEqual(110);
    expect(run.origins.sentTo("down", 10_000)).toBeLessThanOrEqual(4);
    run.batch.cancel();
    await toTheEnd(run);
  });

  test("does not change what the others get", async () => {
    const hosts = ["a", "b", "c"];
    const items = Array.from({ length: 3_000 }, (_, i) => `http://${hosts[i % 3]}.test/${i}`);
    const without = await toTheEnd(start(outage, items, { concurrency: 12, perOrigin: 4 }));
    const both = items.flatMap((url, i) => (i % 10 === 0 ? [url, `http://down.test/${i}`] : [url]));
    const run = start(outage, both, { concurrency: 16, perOrigin: 4 });
    while (run.settled.filter(({ input }) => !input.includes("down")).length < 3_000)
      await run.clock.tick(Math.max(1, run.clock.nextTimerIn ?? 1));
    expect(run.clock.now()).toBeLessThanOrEqual(1.03 * without);
    run.batch.cancel();
    await toTheEnd(run);
  });

  test("for a quarter of an hour is given up, and the error says so", async () => {
    const forEver: Behaviour = now => (now < 1_000 ? { status: 200, ms: 20 } : { error: refused(), ms: 1 });
    const run = start(forEver, urls("down", 1_500), { concurrency: 10 });
    const end = await toTheEnd(run);
    expect(end).toBeGreaterThan(15 * 60_000);
    expect(end).toBeLessThan(15.2 * 60_000);
    const givenUp = run.settled.filter(task => task.error?.code === "CIRCUIT_OPEN");
    expect(givenUp.length).toBeGreaterThan(500);
    expect(givenUp[0]!.error!.message).toMatch(
      /^nothing is sent to http:\/\/down\.test: it has given no good answer for \d+ min( \d+ s)?, last: connection refused$/,
    );
    expect(givenUp[0]!.error!.cause).toBeInstanceOf(ConnectError);
    // Not one attempt more than probes.
    expect(run.origins.sentTo("down", 60_000)).toBeLessThan(12);
  });

  test("that never answered is given up after a minute, and a probe later finds it back", async () => {
    const late: Behaviour = (now, host) =>
      host === "slow" ? { status: 200, ms: 300_000 } : { status: now < 130_000 ? 500 : 200, ms: 5 };
    const run = start(late, [...urls("slow", 1), ...urls("down", 3_000)], { concurrency: 10 });
    await run.clock.tick(70_000);
    expect(states(run.settled)).toEqual({ failed: 3_000 });
    expect(run.settled.at(-1)!.error!.message).toContain("last: status 500");
    const now = run.batch.add("http://down.test/now").done;
    await run.clock.tick(0);
    expect((await now).error!.code).toBe("CIRCUIT_OPEN");
    await run.clock.tick(200_000);
    const later = run.batch.add("http://down.test/later").done;
    await run.clock.tick(10);
    expect((await later).state).toBe("succeeded");
    await toTheEnd(run);
  });

  test("is told from a list whose last items fail whatever is done", async () => {
    const items = [...urls("a", 500), ...urls("a", 30).map(url => `${url}?bad`)];
    const run = start((_now, _host, url) => ({ status: url.endsWith("bad") ? 500 : 200, ms: 10 }), items);
    expect(await toTheEnd(run)).toBeLessThan(5_000);
    expect(run.settled.filter(({ error }) => error?.code === "HTTP_STATUS")).toHaveLength(30);
  });

  test("ends tasks at their deadline", async () => {
    const run = start(() => ({ error: refused(), ms: 1 }), urls("down", 100), { concurrency: 10 }, 8_000);
    expect(await toTheEnd(run)).toBeLessThan(8_100);
    expect(run.settled.map(task => task.error!.code)).toContain("TOTAL_TIMEOUT");
  });

  test("is asked all the same where the circuit breaker is off", async () => {
    const run = start(() => ({ status: 500, ms: 1 }), urls("down", 100), {
      circuitBreaker: false,
      attempts: 1,
    });
    expect(await toTheEnd(run)).toBeLessThan(100);
    expect(states(run.settled)).toEqual({ failed: 100 });
  });

  test("by other measures: the options are those of circuitBreaker()", async () => {
    const run = start(() => ({ status: 500, ms: 1 }), urls("down", 100), {
      circuitBreaker: { minOutcomes: 5, openFor: "2s" },
      concurrency: 1,
      attempts: 1,
    });
    await run.clock.tick(1_500);
    expect(run.origins.sent.length).toBe(5);
    await run.clock.tick(1_000);
    expect(run.origins.sent.length).toBe(6);
    run.batch.cancel();
    await toTheEnd(run);
  });

  test.each([
    [{ circuitBreaker: "on" }, "circuitBreaker: expected true, false or its options; got on"],
    [{ circuitBreaker: { openfor: 1 } }, 'did you mean "openFor"?'],
    [{ circuitBreaker: { badRatio: 2 } }, "circuitBreaker.badRatio"],
  ])("nonsense is refused: %j", (options, message) => {
    expect(() => start(() => ({ status: 200, ms: 1 }), [], options as never)).toThrow(message);
  });
});

describe("retries", () => {
  test("of a fifth that fails do not slow a batch, and none is stranded", async () => {
    const time = async (share: number) => {
      const chance = new FakeClock().random;
      const faults: Behaviour = () => ({ status: chance() < share ? 500 : 200, ms: 20 });
      const run = start(faults, urls("a", 5_000), { concurrency: 20, attempts: 20 });
      const ms = await toTheEnd(run);
      expect(states(run.settled)).toEqual({ succeeded: 5_000 });
      return ms;
    };
    // A quarter more attempts, and the tail of the last backoffs.
    expect(await time(0.2)).toBeLessThan(1.25 * (await time(0)) + 3_000);
  });

  test("wait for tokens where too much fails, and come to their end", async () => {
    let sent = 0;
    const mostly: Behaviour = () => ({ status: sent++ % 10 < 9 ? 500 : 200, ms: 20 });
    const run = start(mostly, urls("a", 100), { concurrency: 20, attempts: 500, circuitBreaker: false });
    await run.clock.tick(20_000);
    expect(run.batch.progress.waitingFor.budget).toBeGreaterThan(0);
    await toTheEnd(run);
    expect(states(run.settled)).toEqual({ succeeded: 100 });
  });

  test("are not paid where the client says so", async () => {
    const run = start(() => ({ status: 500, ms: 1 }), urls("a", 400), { circuitBreaker: false });
    const paid = await toTheEnd(run);
    const { policies } = SETTINGS;
    Object.assign(SETTINGS, { policies: { ...policies, spendsBudget: false } });
    const free = start(() => ({ status: 500, ms: 1 }), urls("a", 400), { circuitBreaker: false });
    const unpaid = await toTheEnd(free);
    Object.assign(SETTINGS, { policies });
    expect([paid > 60_000, unpaid < 5_000]).toEqual([true, true]);
  });
});

describe("a task that a policy of the client holds back", () => {
  test("by its circuit breaker waits until then, and that is no attempt", async () => {
    const open = () => Object.assign(new CircuitOpen("CIRCUIT_OPEN", "open"), { retryAfterMs: 5_000 });
    const run = start(
      now => (now < 5_000 ? { error: open(), ms: 0 } : { status: 200, ms: 1 }),
      urls("a", 200),
      { concurrency: 10 },
    );
    await run.clock.tick(100);
    expect(run.batch.progress.waitingFor["circuit open"]).toBe(200);
    expect(run.origins.sent.length).toBeLessThanOrEqual(10);
    await toTheEnd(run);
    expect(states(run.settled)).toEqual({ succeeded: 200 });
    expect(Math.max(...run.settled.map(({ attempts }) => attempts.length))).toBe(1);
  });

  test("or this machine, whose descriptors are all in use, waits for one", async () => {
    const full = () => new ConnectError("TOO_MANY_OPEN_FILES", "EMFILE", { requestSent: "none" });
    const run = start(
      now => (now < 5_000 ? { error: full(), ms: 0 } : { status: 200, ms: 1 }),
      urls("a", 30),
    );
    expect(await toTheEnd(run)).toBeLessThan(6_100);
    expect(states(run.settled)).toEqual({ succeeded: 30 });
    expect(Math.max(...run.settled.map(({ attempts }) => attempts.length))).toBe(1);
  });

  test("by its rate limit waits so long", async () => {
    const limited = () =>
      Object.assign(new LocalRateLimited("LOCAL_RATE_LIMITED", "later"), { retryAfterMs: 700 });
    const run = start(
      now => (now < 600 ? { error: limited(), ms: 0 } : { status: 200, ms: 1 }),
      urls("a", 3),
    );
    await run.clock.tick(100);
    expect(run.batch.progress.waitingFor.rate).toBe(3);
    expect(await toTheEnd(run)).toBeLessThan(720);
    expect(states(run.settled)).toEqual({ succeeded: 3 });
  });

  test("fails at its deadline, and says so; or after a quarter of an hour of an open circuit", async () => {
    const open = () => Object.assign(new CircuitOpen("CIRCUIT_OPEN", "open"), { retryAfterMs: 5_000 });
    const run = start(() => ({ error: open(), ms: 0 }), urls("a", 1), {}, 3_000);
    await toTheEnd(run);
    expect(run.settled[0]!.error!.message).toBe(
      "open; not tried again: its deadline comes before it may be sent",
    );
    const long = start(() => ({ error: open(), ms: 0 }), urls("a", 1));
    expect(await toTheEnd(long)).toBeGreaterThan(15 * 60_000);
    expect(long.settled[0]).toMatchObject({ state: "failed", kind: "policy" });
  });
});
