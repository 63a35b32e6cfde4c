import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { getEventListeners } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, originServer, test } from "@skein/testkit";
import { type BatchOptions, type BatchRequest, Client, type Response } from "../src/entry/node.ts";
import { Choices } from "./http1/answer-generator.ts";

/** What a batch leaves behind, however it ends: nothing. */

const MIB = 1024 * 1024;

test("200,000 items that fail take no more memory than 50,000", { timeout: 240_000 }, async () => {
  const script = fileURLToPath(new URL("failing-batch.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", script, "200000"]);
  const { failed, early, late } = JSON.parse(stdout);
  expect(failed).toBe(200_000);
  expect(late.heap - early.heap).toBeLessThan(4 * MIB);
  // The young generation grows once, by up to 48 MiB, somewhere on the way; half a kilobyte an item would be 75 more.
  expect(late.rss - early.rss).toBeLessThan(96 * MIB);
});

type Options = BatchOptions<string, Response, string | URL | BatchRequest>;

const PATHS = [
  "/ok",
  "/ok",
  "/status/404",
  "/status/500",
  "/delay/20",
  "/hang",
  "/reset-mid-body",
  "/bytes/100000",
];

function optionsOf(choices: Choices, signal: AbortSignal): Options {
  const one = <T>(...of: T[]): T => of[choices.below(of.length)]!;
  const onFailure = one("continue", "cancel-group", "cancel-batch") as
    | "continue"
    | "cancel-group"
    | "cancel-batch";
  return {
    concurrency: one(1, 5, 20),
    ordered: one(true, false),
    timeout: 300,
    // Or it would be waited for, for its 5 seconds and longer.
    circuitBreaker: false,
    attempts: one(1, 2),
    onFailure,
    signal,
    maxBufferedBytes: one(1, 100_000, 10_000_000),
    ...(onFailure === "cancel-group" ? { group: (item: string) => item.slice(0, 4) } : {}),
    ...(choices.below(3) === 0 ? { key: (item: string) => item } : {}),
    ...(choices.below(3) === 0 ? { maxErrors: "50%" as const } : {}),
  };
}

/** Each ends by itself, by its signal, by its loop being left, or by a command. */
async function runOne(client: Client, choices: Choices): Promise<AbortSignal> {
  const controller = new AbortController();
  const items = Array.from({ length: choices.below(60) }, () => PATHS[choices.below(PATHS.length)]!);
  const batch = client.batch(items, optionsOf(choices, controller.signal));
  const events = choices.below(2) === 0 ? batch.events({ buffer: 5 }) : undefined;
  const listening =
    events &&
    (async () => {
      for await (const event of events) if (event.type === "missed" && choices.below(20) === 0) break;
    })();
  const ending = choices.below(5);
  const leaveAfter = choices.below(20);
  const timer = setTimeout(() => {
    if (ending === 0) controller.abort();
    if (ending === 1) batch.cancel("enough");
    if (ending === 2) batch.drain();
  }, choices.below(100));
  let settled = 0;
  for await (const _task of batch) if (++settled > leaveAfter && ending === 3) break;
  clearTimeout(timer);
  await listening;
  return controller.signal;
}

test("however they end, batches leave no listener, no socket in use and no timer (seeded)", {
  timeout: 60_000,
}, async () => {
  const seed = Number(process.env.SKEIN_BATCH_SEED ?? randomInt(2 ** 30));
  await using origin = await originServer();
  const timers = () => process.getActiveResourcesInfo().filter(name => name === "Timeout").length;
  const before = timers();
  const client = new Client({ baseUrl: origin.url });
  const signals = await Promise.all(
    Array.from({ length: 60 }, (_, i) => runOne(client, new Choices(seed + i))),
  );
  const context = `SKEIN_BATCH_SEED=${seed}`;
  expect(
    signals.map(signal => getEventListeners(signal, "abort").length),
    context,
  ).toEqual(signals.map(() => 0));
  await client.close();
  await expect.poll(() => origin.openConnections, { message: context }).toBe(0);
  await expect.poll(timers, { message: context }).toBeLessThanOrEqual(before);
});
