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
  HandlerError,
  type Response,
  type SettledTask,
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

type AnyTask = SettledTask<unknown, unknown>;

async function all<T>(tasks: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const task of tasks) list.push(task);
  return list;
}

function run<I>(
  items: Iterable<I> | AsyncIterable<I>,
  options: BatchOptions<I, Response, string> = {},
): Promise<AnyTask[]> {
  return all(client.batch(items, options));
}

const urls = (count: number, path = "/ok") =>
  Array.from({ length: count }, (_, i) => `${origin.url}${path}?${i}`);

describe("a batch", () => {
  test("settles each item once, frozen, with its number and its input", async () => {
    const inputs = urls(200);
    const tasks = await run(inputs);
    expect(tasks.map(task => task.id).sort((a, b) => a - b)).toEqual(inputs.map((_, i) => i));
    for (const task of tasks) {
      expect(task).toMatchObject({ state: "succeeded", input: inputs[task.id] });
      expect(Object.isFrozen(task)).toBe(true);
      expect(task.attempts).toEqual([
        {
          startedAt: expect.any(Number),
          durationMs: expect.any(Number),
          status: 200,
          reused: expect.any(Boolean),
          bytes: 2,
        },
      ]);
    }
  });

  test("makes requests from items and values from responses, with their types", async () => {
    const ids = [1, 2, 3];
    const batch = client.batch(ids, {
      request: id => ({ url: `${origin.url}/echo`, method: "POST", json: { id } }),
      parse: response => Number(JSON.parse(response.json<{ body: string }>().body).id),
    });
    const values: number[] = [];
    for await (const task of batch) {
      expectTypeOf(task.input).toEqualTypeOf<number>();
      if (task.state !== "succeeded") throw task.error;
      expectTypeOf(task.value).toEqualTypeOf<number>();
      expect(task.value).toBe(task.input);
      values.push(task.value);
    }
    expect(values.sort()).toEqual(ids);
  });

  test("never has more in flight than its concurrency, nor more per origin", async () => {
    let now = 0;
    let most = 0;
    const routes = {
      busy: ({ response }: { response: import("node:http").ServerResponse }) => {
        most = Math.max(most, ++now);
        setTimeout(() => {
          now--;
          response.end("ok");
        }, 5);
      },
    };
    await using a = await originServer({ routes });
    await using b = await originServer({ routes });
    const mixed = Array.from({ length: 200 }, (_, i) => `${i % 2 ? a.url : b.url}/busy`);
    await run(mixed, { concurrency: 12 });
    expect(most).toBe(12);
    most = 0;
    await run(mixed, { concurrency: 12, perOrigin: 3 });
    expect(most).toBe(6);
  });

  test("pulls its input only as fast as it sends, and only as far ahead as it must", async () => {
    let pulled = 0;
    function* endless() {
      for (;;) {
        pulled++;
        yield `${origin.url}/delay/20`;
      }
    }
    let seen = 0;
    for await (const _ of client.batch(endless(), { concurrency: 5 })) if (++seen === 20) break;
    expect(pulled).toBeLessThan(40);
  });

  test("closes the input that it leaves early, and takes an async one too", async () => {
    let closed = false;
    async function* items() {
      try {
        for (let i = 0; ; i++) yield `${origin.url}/ok?${i}`;
      } finally {
        closed = true;
      }
    }
    for await (const _ of client.batch(items())) break;
    await expect.poll(() => closed).toBe(true);
  });

  test("waits for a reader that is slow", async () => {
    const before = origin.requestCount;
    const batch = client.batch(urls(5_000), { concurrency: 10 });
    await batch[Symbol.asyncIterator]().next();
    await new Promise(resolve => setTimeout(resolve, 500));
    expect(origin.requestCount - before).toBeLessThan(600);
    await batch[Symbol.asyncDispose]();
  });

  test("of nothing is over at once", async () => {
    expect(await run([])).toEqual([]);
  });

  test("ends with the error of its input, after what was in flight", async () => {
    async function* broken() {
      yield `${origin.url}/ok`;
      throw new Error("the list broke");
    }
    const tasks: unknown[] = [];
    const reading = (async () => {
      for await (const task of client.batch(broken())) tasks.push(task);
    })();
    await expect(reading).rejects.toThrow("the list broke");
    expect(tasks).toHaveLength(1);
  });

  test("refuses options that make no sense, naming them", () => {
    expect(() => client.batch([], { concurency: 5 } as never)).toThrow(
      /no option "concurency"; did you mean "concurrency"/,
    );
    expect(() => client.batch([], { concurrency: 0 })).toThrow(/concurrency/);
    expect(() => client.batch([], { concurrency: 1_000 })).toThrow(
      /concurrency: 1000 .* limits\.maxConnections is 256/,
    );
    expect(() => client.batch([], { perOrigin: 101, concurrency: 200 })).toThrow(
      /perOrigin: 101 .*maxConnectionsPerOrigin is 100/,
    );
    const slow = new Client({ limits: { maxInFlightPerOrigin: 5 } });
    expect(() => slow.batch([], { perOrigin: 6 })).toThrow(/perOrigin: 6 .*maxInFlightPerOrigin is 5/);
    expect(() => client.batch([], { onFailure: "explode" as never })).toThrow(/onFailure/);
  });
});

describe("a task that fails", () => {
  test("is told apart by kind, and the others go on", async () => {
    const inputs = ["/ok", "/status/404", "/gzip-cut", "/cut-mid-body", "/hang", "/redirect-loop"].map(
      path => origin.url + path,
    );
    const tasks = await run([...inputs, "http://127.0.0.1:1/", "ftp://x/", "no url"], {
      timeout: 1_500,
      attempts: 2,
    });
    tasks.sort((a, b) => a.id - b.id);
    expect(
      tasks.map(task => (task.state === "failed" ? `${task.kind} ${task.error.code}` : task.state)),
    ).toEqual([
      "succeeded",
      "status HTTP_STATUS",
      "body DECODING_FAILED",
      "body BODY_CUT",
      "timeout TOTAL_TIMEOUT",
      "policy TOO_MANY_REDIRECTS",
      "network CONNECTION_REFUSED",
      "network UNSUPPORTED_PROTOCOL",
      "handler INVALID_URL",
    ]);
    expect(tasks.map(task => task.attempts.length)).toEqual([1, 1, 2, 2, 2, 1, 2, 0, 0]);
  });

  test("with a refused status keeps its response, and says what was answered", async () => {
    const [task] = await run([`${origin.url}/status/404`]);
    if (task?.state !== "failed") throw new Error("expected a failure");
    expect(task.response?.status).toBe(404);
    expect(task.error.message).toContain("answered 404 Not Found");
    const [accepted] = await run([`${origin.url}/status/404`], { accept: status => status === 404 });
    expect(accepted?.state).toBe("succeeded");
  });

  test("because of the caller's own function is a handler's failure", async () => {
    const failing = { parse: () => JSON.parse("{"), concurrency: 1 };
    for await (const task of client.batch(urls(2), failing)) {
      expect(task).toMatchObject({
        state: "failed",
        kind: "handler",
        error: { code: "HANDLER_FAILED", cause: expect.any(SyntaxError) },
      });
      expect(task.error).toBeInstanceOf(HandlerError);
    }
    for await (const task of client.batch([1], {
      request: () => {
        throw new Error("no such item");
      },
    })) {
      expect(task.error?.message).toBe("request() threw: no such item");
    }
  });

  test("is tried again while others run: it waits, and holds no slot", async () => {
    const batch = client.batch([`${origin.url}/flaky/slot/2`, ...urls(30, "/delay/10")], { concurrency: 1 });
    let sawWaiting = false;
    const states: string[] = [];
    for await (const task of batch) {
      sawWaiting ||= batch.progress.waiting === 1;
      states.push(`${task.id} ${task.state} ${task.attempts.length}`);
    }
    expect(sawWaiting).toBe(true);
    expect(states.indexOf("0 succeeded 3")).toBeGreaterThan(0);
    expect(batch.progress).toMatchObject({
      pulled: 31,
      succeeded: 31,
      failed: 0,
      running: 0,
      waiting: 0,
      attempts: 33,
      inputEnded: true,
    });
  });

  test("can cancel the rest", async () => {
    const tasks = await run([`${origin.url}/status/500`, ...urls(50, "/delay/2000")], {
      onFailure: "cancel-batch",
      attempts: 1,
    });
    expect(tasks[0]).toMatchObject({ id: 0, state: "failed" });
    expect(tasks.slice(1).every(task => task.state === "cancelled" && task.by === "sibling")).toBe(true);
  });
});

test("an origin that answers 429 is left alone as long as it asked, the whole of it, and no attempt is used up", async () => {
  const times: number[] = [];
  await using limited = await originServer({
    routes: {
      limited: ({ response, count }) => {
        times.push(performance.now());
        if (count("all") <= 2) response.writeHead(429, { "retry-after": "1" }).end();
        else response.end("ok");
      },
    },
  });
  const tasks = await run(Array(10).fill(`${limited.url}/limited`), { concurrency: 2, attempts: 2 });
  expect(tasks.map(task => task.state)).toEqual(Array(10).fill("succeeded"));
  expect(
    tasks.flatMap(task => task.attempts.map(attempt => attempt.status)).filter(status => status === 429),
  ).toHaveLength(2);
  expect(times[2]! - times[1]!).toBeGreaterThan(950);
});

describe("stopping a batch:", () => {
  test("cancel ends what runs and what waits, each once", async () => {
    const batch = client.batch(urls(30, "/delay/5000"), { concurrency: 10 });
    setTimeout(() => batch.cancel("enough"), 60);
    const tasks = await all(batch);
    expect(tasks).toHaveLength(10);
    expect(tasks.every(task => task.state === "cancelled" && task.by === "user")).toBe(true);
    expect(batch.progress).toMatchObject({ running: 0, pending: 0, cancelled: 10 });
  });

  test("a signal does the same", async () => {
    const tasks = await run(urls(30, "/delay/5000"), { concurrency: 10, signal: AbortSignal.timeout(50) });
    expect(tasks.map(task => task.state)).toEqual(Array(10).fill("cancelled"));
    expect(await run(urls(3), { signal: AbortSignal.abort() })).toEqual([]);
  });

  test("drain finishes what is in flight and starts nothing more", async () => {
    const batch = client.batch(urls(100, "/delay/100"), { concurrency: 5 });
    setTimeout(() => batch.drain(), 40);
    const tasks = await all(batch);
    expect(tasks.filter(task => task.state === "succeeded")).toHaveLength(5);
    expect(tasks.filter(task => task.state === "cancelled").every(task => task.by === "shutdown")).toBe(true);
  });

  test("pause starts nothing more until resume", async () => {
    const before = origin.requestCount;
    const batch = client.batch(urls(20), { concurrency: 1 });
    batch.pause();
    const reading = all(batch);
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(origin.requestCount).toBe(before);
    batch.resume();
    expect(await reading).toHaveLength(20);
  });
});

describe("rates and priorities of a batch", () => {
  test("a rate holds over all requests, and one per origin too", async () => {
    for (const name of ["rate", "perOriginRate"] as const) {
      const tasks = await run(urls(12), { [name]: "20/s" });
      const starts = tasks.map(task => task.attempts[0]!.startedAt).sort((a, b) => a - b);
      expect(starts.at(-1)! - starts[0]!).toBeGreaterThanOrEqual(11 * 50 - 5);
      expect(tasks.map(task => task.state)).toEqual(tasks.map(() => "succeeded"));
    }
  });

  test("the higher priority of those that were read goes first", async () => {
    const tasks = await all(
      client.batch([1, 5, 3, 4, 2], {
        request: id => `${origin.url}/ok?${id}`,
        priority: id => id,
        perOrigin: 1,
      }),
    );
    expect(tasks.map(task => task.input)).toEqual([1, 5, 4, 3, 2]);
  });

  test("a priority that is no number fails its task alone", async () => {
    const tasks = await all(
      client.batch([1, 2], {
        request: id => `${origin.url}/ok?${id}`,
        priority: id => (id === 1 ? Number.NaN : 0),
      }),
    );
    expect(tasks.map(task => [task.input, task.state])).toEqual([
      [1, "failed"],
      [2, "succeeded"],
    ]);
  });

  test.each([{ rate: "fast" }, { perOriginRate: { count: 0, per: "1s" } }])("%o is refused", options => {
    expect(() => client.batch([], options)).toThrow(/^(rate|perOriginRate): /);
  });
});

test.each([{ concurrency: "auto" }, { perOrigin: "auto" }] as const)(
  "with %o it is found out how many an origin can take: few at first, more as its answers stay fast",
  async options => {
    const batch = client.batch(
      Array.from({ length: 400 }, (_, i) => i),
      { ...options, request: i => `${origin.url}/delay/20?${i}` },
    );
    const inFlight: number[] = [];
    for await (const task of batch) {
      inFlight.push(batch.progress.running);
      expect(task.state).toBe("succeeded");
    }
    expect(inFlight[0]).toBeLessThanOrEqual(2);
    expect(Math.max(...inFlight)).toBeGreaterThan(4);
  },
);
