import {
  afterAll,
  beforeAll,
  describe,
  expect,
  expectTypeOf,
  type OriginServer,
  originServer,
  test,
} from "@skein/testkit";
import {
  type BatchOptions,
  Client,
  isTooManyErrors,
  type Response,
  type SettledTask,
  TooManyErrors,
} from "../src/entry/node.ts";

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

async function run<I>(
  items: Iterable<I> | AsyncIterable<I>,
  options: BatchOptions<I, Response, string>,
): Promise<SettledTask<I, Response>[]> {
  const tasks: SettledTask<I, Response>[] = [];
  for await (const task of client.batch(items, options)) tasks.push(task);
  return tasks;
}

const at = (path: string) => `${origin.url}${path}`;
const stateOf = ({ id, state }: SettledTask<unknown, unknown>) => `${id} ${state}`;

describe("ordered", () => {
  test("gives tasks in the order of the input, however they end", async () => {
    const items = Array.from({ length: 120 }, (_, i) =>
      i % 10 === 0 ? at("/delay/60") : i % 7 === 0 ? at("/status/404") : at(`/ok?${i}`),
    );
    items[5] = "no url";
    const tasks = await run(items, { ordered: true, concurrency: 20 });
    expect(tasks.map(task => task.id)).toEqual(items.map((_, i) => i));
    expect(tasks[5]).toMatchObject({ state: "failed", kind: "handler" });
    expect(tasks[7]?.state).toBe("failed");
    expect(tasks[118]?.state).toBe("succeeded");
  });

  test("takes no more than a window ahead of one that is slow", async () => {
    let pulled = 0;
    function* endless() {
      yield at("/delay/800");
      for (;;) yield at(`/ok?${++pulled}`);
    }
    const batch = client.batch(endless(), { ordered: true, concurrency: 20 });
    for await (const task of batch) {
      expect(task.id).toBe(0);
      // 1,000 in all, itself among them, and what was taken when it ended.
      expect(pulled).toBeLessThan(1_100);
      expect(pulled).toBeGreaterThan(500);
      break;
    }
  });

  test("when cancelled gives the rest in order, too", async () => {
    const batch = client.batch([at("/delay/5000"), at("/ok"), at("/delay/5000"), at("/ok")], {
      ordered: true,
    });
    setTimeout(() => batch.cancel("enough"), 150);
    const states: string[] = [];
    for await (const task of batch) states.push(stateOf(task));
    expect(states).toEqual(["0 cancelled", "1 succeeded", "2 cancelled", "3 succeeded"]);
    expect(batch.stopped).toEqual({ by: "user", reason: "enough" });
  });
});

describe("key", () => {
  test("sends the first of a key alone; the others have its outcome, also those that come after its end", async () => {
    const before = origin.requestCount;
    const items = [at("/delay/50"), at("/delay/50"), at("/status/404"), at("/status/404"), at("/delay/50")];
    const tasks = await run(items, { key: url => url, concurrency: 1, ordered: true });
    expect(origin.requestCount - before).toBe(2);
    expect(tasks.map(stateOf)).toEqual(["0 succeeded", "1 succeeded", "2 failed", "3 failed", "4 succeeded"]);
    expect(tasks.map(task => task.duplicateOf)).toEqual([undefined, 0, undefined, 2, 0]);
    expect(tasks[1]!.response).toBe(tasks[0]!.response);
    expect(tasks[3]!.error).toBe(tasks[2]!.error);
    expect(tasks[4]).toMatchObject({ input: items[4], attempts: [], timings: { served: 0 } });
  });

  test("that throws, or returns a promise, fails its task", async () => {
    const throwing = await run([at("/ok")], {
      key: () => {
        throw new Error("no key");
      },
    });
    expect(throwing[0]!.error?.message).toBe("key() threw: no key");
    const later = await run([at("/ok")], { key: (async () => "k") as never });
    expect(later[0]!.error?.message).toContain("key: it returned a promise");
  });

  test("of one that was cancelled is free again: the next is sent", async () => {
    const before = origin.requestCount;
    const tasks = await run(
      [
        { url: at("/delay/300"), group: "a" },
        { url: at("/delay/300"), group: "b" },
        { url: at("/status/404"), group: "a" },
      ],
      {
        request: item => item.url,
        key: item => item.url,
        group: item => item.group,
        onFailure: "cancel-group",
        ordered: true,
      },
    );
    expect(tasks.map(stateOf)).toEqual(["0 cancelled", "1 succeeded", "2 failed"]);
    expect(tasks[1]!.duplicateOf).toBeUndefined();
    expect(origin.requestCount - before).toBe(3);
  });

  test("an endless run of duplicates is not taken while the first is under way", async () => {
    let pulled = 0;
    function* same() {
      for (;;) yield `${at("/delay/300")}?${pulled++ < 0}`;
    }
    for await (const _ of client.batch(same(), { key: url => url, concurrency: 5 })) break;
    expect(pulled).toBeLessThan(11_000);
  });
});

describe('onFailure: "cancel-group"', () => {
  const grouped = {
    request: (item: [string, string]) => item[1],
    group: (item: [string, string]) => item[0],
  };

  test("stops what runs, waits or comes of the group, and nothing else", async () => {
    const items: [string, string][] = [
      ["a", at("/delay/5000")],
      ["a", at("/status/404")],
      ["b", at("/delay/300")],
      ["b", at("/ok?1")],
      ["a", at("/ok?2")],
      ["c", at("/status/404?1")],
    ];
    const late = (async function* () {
      yield* items;
      await new Promise(resolve => setTimeout(resolve, 200));
      yield ["a", at("/ok?late")] as [string, string];
      yield ["b", at("/ok?late")] as [string, string];
    })();
    const options = { ...grouped, onFailure: "cancel-group", ordered: true, concurrency: 2 } as const;
    const tasks = await run(late, options);
    expect(tasks.map(task => `${task.input[0]} ${task.state}`)).toEqual([
      "a cancelled",
      "a failed",
      "b succeeded",
      "b succeeded",
      "a cancelled",
      "c failed",
      "a cancelled",
      "b succeeded",
    ]);
    expect(tasks[0]).toMatchObject({ by: "group", error: { cause: tasks[1]!.error } });
    expect(tasks[6]).toMatchObject({ by: "group", attempts: [] });
  });

  test("reaches tasks that wait for another attempt", async () => {
    const tasks = await run<[string, string]>(
      [
        ["a", at("/status/503")],
        ["a", at("/delay/120")],
        ["a", "no url"],
      ],
      { ...grouped, onFailure: "cancel-group", ordered: true },
    );
    expect(tasks.map(stateOf)).toEqual(["0 cancelled", "1 cancelled", "2 failed"]);
  });

  test("and group belong together", () => {
    expect(() => client.batch(["x"], { group: () => "a" })).toThrow(/group: .*onFailure: "cancel-group"/);
    expect(() => client.batch(["x"], { onFailure: "cancel-group" })).toThrow(/group: /);
  });
});

describe("maxErrors", () => {
  test("cancels the batch once more tasks failed than that, and says so", async () => {
    const items = [
      at("/status/404?1"),
      at("/status/404?2"),
      at("/status/404?3"),
      at("/delay/5000"),
      at("/ok"),
    ];
    const batch = client.batch(items, { maxErrors: 2, concurrency: 4 });
    const tasks: SettledTask<string, Response>[] = [];
    for await (const task of batch) tasks.push(task);
    expect(tasks.map(stateOf).sort().slice(0, 4)).toEqual([
      "0 failed",
      "1 failed",
      "2 failed",
      "3 cancelled",
    ]);
    const last = tasks.find(task => task.id === 3)!;
    expect(last).toMatchObject({ state: "cancelled", by: "sibling" });
    const reason = last.error!.cause;
    if (!isTooManyErrors(reason)) throw new Error("expected a TooManyErrors");
    expectTypeOf(reason).toEqualTypeOf<TooManyErrors>();
    expect(reason).toBeInstanceOf(TooManyErrors);
    expect(reason).toMatchObject({ name: "TooManyErrors", code: "TOO_MANY_ERRORS", failed: 3 });
    expect(reason.message).toMatch(/^3 of \d tasks failed, maxErrors is 2$/);
    expect(batch.stopped).toEqual({ by: "sibling", reason });
  });

  test.each([
    ["25%", 5, 40],
    ["25%", 6, 20],
    ["2.5%", 1, 20],
  ] as const)(
    "as a share of what has ended, of 20 at least: %s, %i failures",
    async (maxErrors, failures, expected) => {
      const items = Array.from({ length: 40 }, (_, i) => at(i < failures ? "/status/404" : "/ok"));
      const batch = client.batch(items, { maxErrors, concurrency: 1 });
      let ended = 0;
      for await (const task of batch) if (task.state !== "cancelled") ended++;
      expect(ended).toBe(expected);
      expect(isTooManyErrors(batch.stopped?.reason)).toBe(expected < 40);
    },
  );

  test("0 is the first failure", async () => {
    const tasks = await run([at("/status/404"), at("/ok")], { maxErrors: 0, concurrency: 1 });
    expect(tasks.map(stateOf)).toEqual(["0 failed"]);
  });

  test.each([-1, 1.5, "5", "100%", "%", "-5%", Number.NaN])("refuses %s", maxErrors => {
    expect(() => client.batch(["x"], { maxErrors: maxErrors as never })).toThrow(/maxErrors: expected/);
  });
});
