import {
  afterAll,
  beforeAll,
  describe,
  expect,
  type OriginServer,
  originServer,
  test,
  vi,
} from "@skein/testkit";
import { BatchClosed, Client, isBatchClosed, type Response, type SettledTask } from "../src/entry/node.ts";

let origin: OriginServer;
let other: OriginServer;
let client: Client;
beforeAll(async () => {
  [origin, other] = [await originServer(), await originServer()];
  client = new Client({ timeout: "10s" });
});
afterAll(async () => {
  client.destroy();
  await origin.close();
  await other.close();
});

type Task = SettledTask<string, Response>;

async function all(batch: AsyncIterable<Task>): Promise<Task[]> {
  const tasks: Task[] = [];
  for await (const task of batch) tasks.push(task);
  return tasks.sort((a, b) => a.id - b.id);
}

const at = (path: string) => `${origin.url}${path}`;
const stateOf = ({ id, state }: Task) => `${id} ${state}`;
const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

describe("add", () => {
  test("gives a task that ends in the loop and by itself", async () => {
    const batch = client.batch([at("/ok?1")]);
    const added = batch.add(at("/ok?2"));
    const failing = batch.add("no url");
    expect(added.input).toBe(at("/ok?2"));
    const tasks = await all(batch);
    expect(tasks).toHaveLength(3);
    expect(await added.done).toBe(tasks.find(task => task.input === added.input));
    expect(await failing.done).toMatchObject({ state: "failed", kind: "handler", input: "no url" });
  });

  test("from the loop goes on, also from its last task: links that are found are followed", async () => {
    const batch = client.batch([at("/ok?depth=0")], { concurrency: 2 });
    const seen: string[] = [];
    for await (const task of batch) {
      seen.push(task.input);
      const depth = Number(task.input.at(-1));
      if (depth < 5) batch.add(at(`/ok?depth=${depth + 1}`));
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5].map(depth => at(`/ok?depth=${depth}`)));
    expect(batch.progress).toMatchObject({ pulled: 6, succeeded: 6, pending: 0, errors: [] });
    expect(batch.progress.latency!.p99).toBeGreaterThan(0);
    expect(batch.progress.rate.now).toBeGreaterThan(0);
  });

  test("is refused once the batch has ended, or was stopped", async () => {
    const ended = client.batch([at("/ok")]);
    await all(ended);
    expect(() => ended.add(at("/ok"))).toThrow(BatchClosed);
    const stopped = client.batch([at("/ok")]);
    stopped.cancel();
    try {
      stopped.add(at("/ok"));
      expect.unreachable();
    } catch (error) {
      expect(isBatchClosed(error)).toBe(true);
      expect(error).toMatchObject({
        name: "BatchClosed",
        code: "BATCH_CLOSED",
        message: "the batch was stopped",
      });
    }
  });

  test("with a key that is there ends as the first; cancelled with the batch", async () => {
    const batch = client.batch([at("/delay/200")], { key: url => url });
    const same = batch.add(at("/delay/200"));
    const reading = all(batch);
    // It came before the first was taken from the input.
    expect((await same.done).duplicateOf).toBeUndefined();
    expect((await reading).map(task => task.duplicateOf)).toEqual([undefined, 0]);
    const cancelled = client.batch<string, Response>([]);
    const task = cancelled.add(at("/delay/5000"));
    await sleep(50);
    cancelled.cancel("enough");
    expect(await task.done).toMatchObject({ state: "cancelled", by: "user" });
  });

  test("leaves no listener on the signal, once there is nothing to do", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = new Set<unknown>();
    vi.spyOn(signal, "addEventListener").mockImplementation((...args) => {
      listeners.add(args[1]);
      EventTarget.prototype.addEventListener.apply(signal, args);
    });
    vi.spyOn(signal, "removeEventListener").mockImplementation((...args) => {
      listeners.delete(args[1]);
      EventTarget.prototype.removeEventListener.apply(signal, args);
    });
    const batch = client.batch([at("/ok")], { signal });
    await batch.add(at("/ok?2")).done;
    await expect.poll(() => listeners.size).toBe(0);
    const slow = batch.add(at("/delay/5000"));
    expect(listeners.size).toBe(1);
    controller.abort("stop");
    expect(await slow.done).toMatchObject({ state: "cancelled", error: { cause: "stop" } });
    expect(await all(batch)).toHaveLength(3);
  });
});

describe("an origin of a batch", () => {
  test("paused is sent nothing, while the others go on; then it goes on, too", async () => {
    const before = other.requestCount;
    const items = Array.from({ length: 20 }, (_, i) => `${i % 2 ? other.url : origin.url}/ok?${i}`);
    const batch = client.batch(items, { concurrency: 2 });
    const paused = batch.origin(`${other.url}/whatever`);
    paused.pause();
    const tasks: string[] = [];
    for await (const task of batch) {
      tasks.push(task.input);
      if (tasks.length === 10) {
        expect(tasks.every(url => url.startsWith(origin.url))).toBe(true);
        expect(other.requestCount).toBe(before);
        expect(batch.progress).toMatchObject({
          pending: 0,
          waiting: 10,
          waitingFor: { paused: 10 },
          running: 0,
        });
        expect(paused.limits()).toMatchObject({ waitsFor: "paused", waitMs: undefined });
        paused.resume();
        expect(paused.limits()?.waitsFor).toBeUndefined();
      }
    }
    expect(tasks).toHaveLength(20);
  });

  test("paused with all others: each task that has not begun waits for that, and is pending again afterwards", async () => {
    const items = Array.from({ length: 12 }, (_, i) => `${i % 2 ? other.url : origin.url}/ok?all${i}`);
    const batch = client.batch(items, { concurrency: 1 });
    const held = batch.origin(other.url);
    let settled = 0;
    for await (const _task of batch) {
      settled += 1;
      if (settled !== 2) continue;
      held.pause();
      batch.pause();
      for (const url of [origin.url, other.url, other.url]) batch.add(`${url}/ok?added`);
      expect(batch.progress).toMatchObject({ pending: 0, waiting: 3, waitingFor: { paused: 3 } });
      batch.resume();
      held.resume();
      expect(batch.progress.waitingFor).toEqual({});
    }
    expect(settled).toBe(15);
  });

  test("paused while its tasks stand ready: deadlines pass, the batch can be cancelled", async () => {
    const batch = client.batch([at("/ok?1"), at("/ok?2")], {
      request: url => (url.endsWith("1") ? { url, deadline: 100 } : { url }),
    });
    batch.origin(origin.url).pause();
    const iterator = batch[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toMatchObject({ id: 0, state: "failed", kind: "timeout" });
    batch.cancel();
    expect((await iterator.next()).value).toMatchObject({ id: 1, state: "cancelled", by: "user" });
    expect((await iterator.next()).done).toBe(true);
  });

  test("cancelled ends what it has there: in flight, ready, waiting, and what comes later", async () => {
    const items = [at("/delay/5000"), at("/status/503"), `${other.url}/delay/200`, at("/ok"), at("/ok")];
    const batch = client.batch(
      (async function* () {
        yield* items;
        await sleep(200);
        yield at("/ok?late");
        yield `${other.url}/ok?late`;
      })(),
      { concurrency: 10, perOrigin: 2 },
    );
    setTimeout(() => batch.origin(origin.url).cancel("not this one"), 60);
    const tasks = await all(batch);
    expect(tasks.filter(task => task.input.startsWith(other.url)).map(stateOf)).toEqual([
      "2 succeeded",
      "6 succeeded",
    ]);
    expect(tasks[0]).toMatchObject({ state: "cancelled", by: "user", error: { cause: "not this one" } });
    expect(stateOf(tasks[5]!)).toBe("5 cancelled");
    expect(tasks[1]!.state).toBe("cancelled");
    expect(batch.stopped).toBeUndefined();
  });

  test("has to be a URL", () => {
    const batch = client.batch([]);
    expect(() => batch.origin("nowhere")).toThrow(/nowhere/);
  });
});

describe("openTasks", () => {
  test("those in flight, the longest first, then those that wait, as many as are wanted", async () => {
    const batch = client.batch([
      at("/hang?1"),
      at("/hang?2"),
      `${other.url}/retry-after/open?seconds=30&times=9`,
    ]);
    expect(batch.openTasks()).toEqual([]);
    const tasks = all(batch);
    await vi.waitFor(() =>
      expect(batch.openTasks().map(({ state }) => state)).toEqual(["running", "running", "waiting"]),
    );
    const [first, second, waiting] = batch.openTasks();
    expect(first).toMatchObject({ input: at("/hang?1"), attempts: 0, waitsFor: undefined });
    expect(first!.ms).toBeGreaterThanOrEqual(second!.ms);
    expect(waiting).toMatchObject({
      attempts: 1,
      waitsFor: expect.stringMatching(/retry-after|origin cooling/),
    });
    expect(waiting!.ms).toBeGreaterThan(20_000);
    expect(batch.openTasks(1)).toMatchObject([{ input: at("/hang?1") }]);
    expect(() => batch.openTasks(0)).toThrow("limit");
    batch.cancel();
    expect((await tasks).map(({ state }) => state)).toEqual(["cancelled", "cancelled", "cancelled"]);
    expect(batch.openTasks()).toEqual([]);
  });
});
