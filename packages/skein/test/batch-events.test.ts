import { afterAll, beforeAll, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { type BatchEvent, Client } from "../src/entry/node.ts";

let origin: OriginServer;
let client: Client;
beforeAll(async () => {
  origin = await originServer();
  client = new Client({ baseUrl: origin.url });
});
afterAll(async () => {
  client.destroy();
  await origin.close();
});

async function drained<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of iterable) all.push(one);
  return all;
}

const line = (event: BatchEvent<string>) =>
  event.type === "task" ? `${event.id} ${event.previous ?? "·"}→${event.state}` : `missed ${event.count}`;

test("each move of each task is told, with its time and what it failed with, and then it ends", async () => {
  const batch = client.batch(["/ok", "/flaky/events/1", "/status/404"], { concurrency: 1 });
  const events = drained(batch.events());
  const before = Date.now();
  await drained(batch);
  const told = await events;
  const of = (id: number) => told.filter(event => event.type === "task" && event.id === id).map(line);
  expect(of(0)).toEqual(["0 ·→pending", "0 pending→running", "0 running→succeeded"]);
  expect(of(1)).toEqual([
    "1 ·→pending",
    "1 pending→running",
    "1 running→waiting",
    "1 waiting→pending",
    "1 pending→running",
    "1 running→succeeded",
  ]);
  const waiting = told.find(event => event.type === "task" && event.state === "waiting");
  expect(waiting).toMatchObject({ id: 1, waiting: { why: "backoff", until: expect.any(Number) } });
  if (waiting?.type === "task") expect(waiting.waiting!.until).toBeGreaterThanOrEqual(waiting.at);
  const failed = told.find(event => event.type === "task" && event.state === "failed");
  expect(failed).toMatchObject({
    input: "/status/404",
    previous: "running",
    error: { code: "HTTP_STATUS", message: expect.stringContaining("404") },
  });
  for (const event of told) {
    expect(Object.isFrozen(event)).toBe(true);
    if (event.type === "task") expect(Math.abs(event.at - before)).toBeLessThan(10_000);
  }
});

test("a reader that is slow stops nothing, and is told how many it has missed; another misses none", async () => {
  const paths = Array.from({ length: 500 }, (_, i) => `/ok?${i}`);
  const batch = client.batch(paths);
  const slow = batch.events({ buffer: 10 });
  const quick = drained(batch.events());
  expect((await drained(batch)).length).toBe(500);
  const [first, ...rest] = await drained(slow);
  expect(first).toEqual({ type: "missed", count: 1_490 });
  expect(rest).toHaveLength(10);
  expect((await quick).map(line)).not.toContain("missed");
  expect(await quick).toHaveLength(1_500);
});

test("a reader that leaves hears nothing more, and neither does one that comes after the end", async () => {
  const batch = client.batch(["/ok?1", "/ok?2"], { concurrency: 1 });
  const seen: string[] = [];
  const leaving = (async () => {
    for await (const event of batch.events()) {
      seen.push(line(event));
      if (seen.length === 2) break;
    }
  })();
  await drained(batch);
  await leaving;
  expect(seen).toHaveLength(2);
  expect(await drained(batch.events())).toEqual([]);
});

test("what is cancelled is told with its reason, and the readers end with the batch", async () => {
  const batch = client.batch(["/hang", "/hang"]);
  const events = drained(batch.events());
  const settled = drained(batch);
  setTimeout(() => batch.cancel("enough"), 50);
  await settled;
  const cancelled = (await events).filter(event => event.type === "task" && event.state === "cancelled");
  expect(cancelled).toHaveLength(2);
  expect(cancelled[0]).toMatchObject({ error: { code: "ABORTED" } });
});

test("a bound that is none is refused", () => {
  expect(() => client.batch([]).events({ buffer: 0 })).toThrow(
    "buffer: expected a whole number of at least 1",
  );
});
