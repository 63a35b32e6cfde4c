import { afterAll, beforeAll, describe, expect, type OriginServer, originServer, test } from "@skein/testkit";
import {
  type Batch,
  type BatchOptions,
  Client,
  InvalidOption,
  type SettledTask,
} from "../../src/entry/node.ts";
import { nothingEscapes, pause } from "./harness.ts";

let origin: OriginServer;
let client: Client;
beforeAll(async () => {
  origin = await originServer();
  client = new Client({ timeout: "10s" });
});
afterAll(async () => {
  client.destroy();
  await origin.close();
});

type Task = SettledTask<string, unknown>;
type Options = BatchOptions<string, unknown, string>;

const urls = (count: number, path = "/ok") =>
  Array.from({ length: count }, (_, i) => `${origin.url}${path}?${i}`);

/** All tasks of a batch, within a time that no batch here needs. */
async function all<T>(batch: AsyncIterable<T>): Promise<T[]> {
  const tasks: T[] = [];
  const reading = (async () => {
    for await (const task of batch) tasks.push(task);
    return tasks;
  })();
  return Promise.race([
    reading,
    pause(5_000).then(() => expect.unreachable(`${tasks.length} tasks, then nothing`)),
  ]);
}

/** Every item that was taken is accounted for once, and nothing is left. */
function expectWhole(batch: Batch<string, unknown>, tasks: readonly Task[]): void {
  const { pulled, pending, running, waiting, succeeded, failed, cancelled } = batch.progress;
  expect([pending, running, waiting]).toEqual([0, 0, 0]);
  expect(succeeded + failed + cancelled).toBe(pulled);
  expect(tasks.map(task => task.id).sort((a, b) => a - b)).toEqual(
    Array.from({ length: pulled }, (_, i) => i),
  );
}

const frozen = Object.freeze(new InvalidOption("frozen"));
const ODD: readonly (readonly [string, unknown])[] = [
  ["an error", new Error("why")],
  ["undefined", undefined],
  ["an object without a prototype", Object.create(null)],
  ["an error of ours that is frozen", frozen],
];

describe.each(["request", "accept", "parse"] as const)("%s", name => {
  test.each(ODD)("that throws %s fails its task, and the others go on", async (_, thrown) => {
    nothingEscapes();
    let calls = 0;
    const options: Options = {
      concurrency: 2,
      [name]: (given: unknown) => {
        calls += 1;
        if (calls === 2) throw thrown;
        return name === "parse" ? "value" : name === "accept" ? true : given;
      },
    };
    const batch = client.batch(urls(5), options);
    const tasks = await all(batch);
    expectWhole(batch, tasks);
    expect(tasks.map(task => task.state).sort()).toEqual(["failed", ...Array(4).fill("succeeded")]);
    expect(tasks.find(task => task.state === "failed")).toMatchObject({ kind: "handler" });
  });

  test("that rejects fails its task", async () => {
    nothingEscapes();
    const options = { [name]: async () => Promise.reject(new Error("later")) } as Options;
    const batch = client.batch(urls(3), options);
    const tasks = await all(batch);
    expectWhole(batch, tasks);
    for (const task of tasks) expect(task).toMatchObject({ state: "failed", kind: "handler" });
    const reason = name === "parse" ? "later" : `${name}: it returned a promise`;
    expect(tasks[0]?.error?.message).toContain(reason);
  });

  test.each(["cancel", "drain", "pause"] as const)("that calls %s() itself", async how => {
    nothingEscapes();
    let calls = 0;
    const options: Options = {
      concurrency: 3,
      [name]: (given: unknown) => {
        calls += 1;
        if (calls === 4) batch[how]();
        if (calls === 4 && how === "pause") setTimeout(() => batch.resume(), 20);
        return name === "parse" ? "value" : name === "accept" ? true : given;
      },
    };
    const batch = client.batch(urls(12), options);
    const tasks = await all(batch);
    expectWhole(batch, tasks);
    if (how === "pause") expect(tasks).toHaveLength(12);
    else expect(tasks.length).toBeLessThan(12);
    if (how === "cancel") expect(tasks.some(task => task.state === "cancelled")).toBe(true);
  });
});

test("a parse that never ends keeps its place, so that no more are under way than were allowed", async () => {
  nothingEscapes();
  let parsing = 0;
  const batch = client.batch(urls(50), {
    concurrency: 4,
    parse: () => {
      parsing += 1;
      return new Promise(() => undefined);
    },
  });
  setTimeout(() => batch.cancel("enough"), 200);
  const tasks = await all(batch);
  expectWhole(batch, tasks);
  expect(parsing).toBe(4);
  expect(tasks.filter(task => task.state === "cancelled" && task.by === "user")).toHaveLength(tasks.length);
});

test("a parse that ends after the batch was cancelled changes nothing any more", async () => {
  nothingEscapes();
  const late: (() => void)[] = [];
  const batch = client.batch(urls(4), {
    parse: () =>
      new Promise((resolve, reject) => late.push(late.length % 2 ? () => resolve(1) : () => reject(1))),
  });
  setTimeout(() => batch.cancel(), 100);
  const tasks = await all(batch);
  for (const end of late) end();
  await pause(10);
  expectWhole(batch, tasks);
  expect(batch.progress).toMatchObject({ cancelled: 4, succeeded: 0, failed: 0 });
});

describe("an input", () => {
  test.each(["next", "return"] as const)(
    "whose %s throws ends the batch with what was in flight",
    async method => {
      nothingEscapes();
      let given = 0;
      const items = {
        [Symbol.iterator]: () => ({
          next() {
            if (method === "next" && given === 5) throw new Error("the list broke");
            return { done: false as const, value: `${origin.url}/delay/20?${given++}` };
          },
          return() {
            throw new Error("it could not be closed");
          },
        }),
      };
      const batch = client.batch(items, { concurrency: 3 });
      if (method === "return") setTimeout(() => batch.cancel(), 50);
      const outcome = await all(batch).catch(error => error);
      if (method === "next") expect(outcome).toMatchObject({ message: "the list broke" });
      expect(batch.progress).toMatchObject({ inputEnded: true, pending: 0, running: 0, waiting: 0 });
    },
  );

  test("that is asynchronous, and never gives what it was asked for, does not keep a cancelled batch", async () => {
    nothingEscapes();
    const never = new Promise<never>(() => undefined);
    const items = {
      [Symbol.asyncIterator]: () => ({
        next: () => never,
        return: () => {
          throw new Error("it could not be closed");
        },
      }),
    };
    const batch = client.batch<string>(items);
    setTimeout(() => batch.cancel(), 20);
    expect(await all(batch)).toEqual([]);
  });

  test.each(["cancel", "drain"] as const)("that calls %s() from within, and is closed", async how => {
    nothingEscapes();
    let closed = false;
    function* items() {
      try {
        for (const url of urls(20)) {
          if (url.endsWith("?7")) batch[how]();
          yield url;
        }
      } finally {
        closed = true;
      }
    }
    const batch: Batch<string, unknown> = client.batch(items(), { concurrency: 2 });
    const tasks = await all(batch);
    expectWhole(batch, tasks as Task[]);
    expect(closed).toBe(true);
  });

  test("that is none is refused by name", () => {
    for (const items of [undefined, null, 5, {}, `${origin.url}/ok`]) {
      expect(() => client.batch(items as never)).toThrow(/^items: expected/);
    }
  });
});

test("a signal that aborts while functions of the caller run ends the batch, each task once", async () => {
  nothingEscapes();
  const controller = new AbortController();
  let parsed = 0;
  const batch = client.batch(urls(100), {
    concurrency: 5,
    signal: controller.signal,
    parse: async () => {
      if (++parsed === 10) controller.abort(new Error("stop"));
      await pause(1);
      return 1;
    },
  });
  const tasks = await all(batch);
  expectWhole(batch, tasks as Task[]);
  expect(tasks.some(task => task.state === "cancelled")).toBe(true);
});
