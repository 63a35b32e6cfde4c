import { contextOf, expect, FakeClock, requestOf, responseOf, test } from "@skein/testkit";
import type { SkeinError } from "../core/errors.ts";
import { BatchRun } from "./batch.ts";
import type { BatchOptions } from "./batch-options.ts";

type Options = BatchOptions<string, unknown, string>;

/** A batch on a clock of its own; each host answers after a time of its own, with a status. */
function start(
  items: Iterable<string>,
  takes: Record<string, number>,
  options: Options = {},
  statuses: Record<string, number> = {},
) {
  const clock = new FakeClock();
  const { timeouts, policies, streaming, maxResponseBytes } = contextOf();
  const nothing = {
    raiseForStatus: false,
    defaultEncoding: undefined,
    parseJson: undefined,
    events: undefined,
  };
  const batch = new BatchRun<string, unknown, string>(items, options, {
    clock,
    service: {
      send: request =>
        new Promise(resolve => {
          const [host] = request.url.origin.hostname.split(".");
          const answer = { status: statuses[host!] ?? 200, headers: { "retry-after": "60" } };
          clock.setTimer(() => resolve(responseOf(request, answer)), takes[host!]!);
        }),
      close: async () => {},
    },
    settings: { timeouts, policies, streaming, maxResponseBytes, ...nothing },
    maxConnections: 1_000,
    maxConnectionsPerOrigin: 1_000,
    maxInFlightPerOrigin: 1_000,
    build: item => ({ request: requestOf(item), timeLeft: Number.POSITIVE_INFINITY }),
    complete: error => error as SkeinError,
  });
  void (async () => {
    for await (const _task of batch);
  })();
  return { clock, batch };
}

const urls = (host: string, count: number) =>
  Array.from({ length: count }, (_, i) => `http://${host}.test/${i}`);

test("eta: what is left of a list, at the rate of the last minute", async () => {
  const { clock, batch } = start(urls("a", 10_000), { a: 100 }, { concurrency: 10 });
  expect(batch.progress.eta).toBeUndefined();
  await clock.tick(20_000);
  // 100 a second.
  expect(batch.progress.eta! / 80_000).toBeCloseTo(1, 1);
  await clock.tick(60_000);
  expect(batch.progress.eta! / 20_000).toBeCloseTo(1, 1);
  batch.pause();
  expect(batch.progress.eta).toBeUndefined();
  batch.resume();
  await clock.tick(30_000);
  expect(batch.progress).toMatchObject({ succeeded: 10_000, eta: 0, origins: [] });
});

test("the slowest origin counts where it takes longer than the rest: all of what is left goes there", async () => {
  const items = [...urls("fast", 300), ...urls("slow", 300)];
  const { clock, batch } = start(items, { fast: 10, slow: 1_000 }, { perOrigin: 2 });
  await clock.tick(10_000);
  const { eta, origins, succeeded } = batch.progress;
  expect(succeeded).toBeGreaterThan(300);
  expect(origins[0]).toMatchObject({
    origin: "http://slow.test",
    running: 2,
    concurrency: 2,
    waitsFor: undefined,
  });
  expect(origins[0]!.open).toBe(600 - succeeded);
  // Two a second; the mean of all would say a tenth of it.
  expect(Math.abs(eta! - 140_000)).toBeLessThan(25_000);
  expect(eta).toBe(origins[0]!.eta);
});

test("of an input whose length nobody knows there is none until it has ended", async () => {
  function* endless() {
    for (let i = 0; ; i++) yield `http://a.test/${i}`;
  }
  const { clock, batch } = start(endless(), { a: 100 });
  await clock.tick(5_000);
  expect(batch.progress).toMatchObject({ eta: undefined, inputEnded: false });
  expect(batch.progress.origins[0]).toMatchObject({ origin: "http://a.test", running: 50, concurrency: 50 });
  batch.drain();
  expect(batch.progress.eta).toBeGreaterThan(0);
});

test("limits in force: an origin that is throttled gets half as much at once, and is left alone", async () => {
  const { clock, batch } = start(
    [...urls("a", 100), ...urls("b", 100)],
    { a: 100, b: 50 },
    { perOrigin: 8 },
    { b: 429 },
  );
  await clock.tick(1_000);
  const throttled = batch.progress.origins.find(({ origin }) => origin === "http://b.test");
  expect(throttled).toMatchObject({ concurrency: 4, running: 0, open: 100, waitsFor: "origin cooling" });
  expect(throttled!.eta).toBeGreaterThan(58_000);
  expect(batch.progress.eta).toBeGreaterThanOrEqual(throttled!.eta!);
  // By then nothing has ended there for a while: what is known is how long it is left alone.
  await clock.tick(40_000);
  const [alone] = batch.progress.origins;
  expect(alone).toMatchObject({ origin: "http://b.test", perSecond: 0, eta: Math.round(alone!.waitMs!) });
  expect(alone!.eta).toBeGreaterThan(15_000);
  expect(batch.progress.eta).toBeGreaterThanOrEqual(alone!.eta!);
  batch.cancel();
});

test("of many origins the 10 slowest are told", async () => {
  const hosts = Array.from({ length: 40 }, (_, i) => `h${i}`);
  const takes = Object.fromEntries(hosts.map((host, i) => [host, 10 + 50 * i]));
  const { clock, batch } = start(
    hosts.flatMap(host => urls(host, 20)),
    takes,
    { perOrigin: 1 },
  );
  await clock.tick(5_000);
  const told = batch.progress.origins.map(({ origin }) => Number(/h(\d+)/.exec(origin)![1]));
  expect(told).toHaveLength(10);
  expect(Math.min(...told)).toBeGreaterThan(20);
  batch.cancel();
});
