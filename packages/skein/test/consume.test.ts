import { getEventListeners } from "node:events";
import { afterAll, beforeAll, describe, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { Client, type ConsumeOptions, consume, type UndoneTask } from "../src/entry/node.ts";

let origin: OriginServer;
let client: Client;
let waiting = 0;
let mostWaiting = 0;
beforeAll(async () => {
  origin = await originServer({
    routes: {
      job: ({ response }) => {
        waiting += 1;
        mostWaiting = Math.max(mostWaiting, waiting);
        setTimeout(() => {
          waiting -= 1;
          response.end("done");
        }, 10);
      },
    },
  });
  client = new Client({ baseUrl: origin.url });
});
afterAll(async () => {
  await client.close();
  await origin.close();
});

interface Message {
  readonly id: number;
  readonly path: string;
}

/** A queue that tells what became of its messages; one that stays open waits for more of them until it is closed. */
class TestQueue implements AsyncIterable<Message>, AsyncIterator<Message> {
  readonly acked: number[] = [];
  readonly nacked: { id: number; task: UndoneTask<Message> }[] = [];
  taken = 0;
  mostHeld = 0;
  closed = false;
  readonly #paths: string[];
  readonly #staysOpen: boolean;
  #waiting: ((result: IteratorResult<Message>) => void) | undefined;

  constructor(paths: readonly string[], staysOpen = false) {
    this.#paths = [...paths];
    this.#staysOpen = staysOpen;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Message>> {
    const path = this.#paths.shift();
    if (path !== undefined) return { done: false, value: this.#deliver(path) };
    if (!this.#staysOpen || this.closed) return { done: true, value: undefined };
    return new Promise(resolve => {
      this.#waiting = resolve;
    });
  }

  async return(): Promise<IteratorResult<Message>> {
    this.closed = true;
    return { done: true, value: undefined };
  }

  /** One more, to who waits for it. */
  push(path: string): void {
    this.#waiting?.({ done: false, value: this.#deliver(path) });
  }

  get held(): number {
    return this.taken - this.acked.length - this.nacked.length;
  }

  readonly ack = ({ id }: Message): void => void this.acked.push(id);
  readonly nack = ({ id }: Message, task: UndoneTask<Message>): void => void this.nacked.push({ id, task });

  options(more: Partial<ConsumeOptions<Message, unknown, unknown>> = {}) {
    return { client, ack: this.ack, nack: this.nack, ...(more as object) };
  }

  #deliver(path: string): Message {
    this.taken += 1;
    this.mostHeld = Math.max(this.mostHeld, this.held);
    return { id: this.taken, path };
  }
}

const urlOf = ({ path }: Message) => path;
const jobs = (count: number) => Array.from({ length: count }, () => "/job");
const later = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

describe("consume", () => {
  test("acknowledges each message after its answer was handled, many at once, holding no more than it may", async () => {
    const queue = new TestQueue(jobs(60));
    const handled: number[] = [];
    mostWaiting = 0;
    const summary = await consume(queue, urlOf, {
      ...queue.options(),
      concurrency: 4,
      prefetch: 7,
      parse: response => response.text(),
      handle: async ({ input, value }) => {
        expect([value, queue.acked.includes(input.id)]).toEqual(["done", false]);
        await later(5);
        handled.push(input.id);
      },
      ack: (message, task) => {
        expect([handled.includes(message.id), task.state, task.input]).toEqual([true, "succeeded", message]);
        queue.ack(message);
      },
    });
    expect(summary).toEqual({ taken: 60, acked: 60, nacked: 0, ended: "input" });
    expect(queue.acked.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect([mostWaiting, queue.mostHeld]).toEqual([4, 7]);
  });

  test("without `prefetch` it holds twice its concurrency", async () => {
    const queue = new TestQueue(jobs(30));
    await consume(queue, urlOf, { ...queue.options(), concurrency: 3, handle: () => later(40) });
    expect(queue.mostHeld).toBe(6);
  });

  test("gives back what failed, and says whether and when it may be repeated", async () => {
    const paths = [
      "/status/404",
      "/status/503",
      "/retry-after/nack/9?seconds=7",
      "/reset-mid-body",
      "http://",
    ];
    const queue = new TestQueue(paths);
    const summary = await consume(queue, urlOf, { ...queue.options(), attempts: false });
    expect(summary).toEqual({ taken: 5, acked: 0, nacked: 5, ended: "input" });
    const told = queue.nacked
      .toSorted((a, b) => a.id - b.id)
      .map(({ task }) => [task.error.code, task.retryable, task.retryAfterMs]);
    expect(told).toEqual([
      ["HTTP_STATUS", false, undefined],
      ["HTTP_STATUS", true, undefined],
      ["HTTP_STATUS", true, 7_000],
      ["CONNECTION_RESET", true, undefined],
      ["INVALID_URL", false, undefined],
    ]);
  });

  test("a message that makes no request, or whose answer can't be handled, is given back", async () => {
    const queue = new TestQueue(["/ok", "throw"]);
    await consume(
      queue,
      message => {
        if (message.path === "throw") throw new Error("no request");
        return { url: message.path, method: "POST", json: message };
      },
      {
        ...queue.options(),
        handle: () => Promise.reject(new Error("the sink is full")),
      },
    );
    const told = queue.nacked.map(({ task }) => [task.state, task.error.message, task.retryable]);
    expect(told.sort()).toEqual([
      ["failed", "handle() threw: the sink is full", false],
      ["failed", "request() threw: no request", false],
    ]);
    expect(queue.acked).toEqual([]);
  });

  test.each(["ack", "nack"] as const)(
    "%s that throws is told, and ends it: what runs is finished",
    async name => {
      const queue = new TestQueue([...jobs(5), "/status/404", ...jobs(200)]);
      const options = queue.options();
      const call = options[name] as (...args: never[]) => void;
      let calls = 0;
      options[name] = ((...args: never[]) => {
        calls += 1;
        if (calls === 1) throw new Error("channel closed");
        call(...args);
      }) as never;
      await expect(consume(queue, urlOf, { ...options, concurrency: 3 })).rejects.toMatchObject({
        code: "HANDLER_FAILED",
        message: `${name}() threw: channel closed`,
      });
      expect(queue.held).toBe(1);
      expect(queue.taken).toBeLessThan(30);
      expect(queue.closed).toBe(true);
    },
  );

  test("a queue that fails ends it, after what was taken has ended", async () => {
    const queue = new TestQueue([]);
    async function* messages() {
      yield { id: 1, path: "/job" };
      yield { id: 2, path: "/job" };
      throw new Error("connection to the broker lost");
    }
    await expect(consume(messages(), urlOf, queue.options())).rejects.toThrow(
      "connection to the broker lost",
    );
    expect(queue.acked.sort()).toEqual([1, 2]);
  });

  test("any iterable will do, and a mistake is told at once", async () => {
    const queue = new TestQueue([]);
    expect(await consume([{ id: 1, path: "/ok" }], urlOf, queue.options())).toMatchObject({ acked: 1 });
    expect(() => consume(queue, urlOf, { ...queue.options(), prefetch: 0 })).toThrow("prefetch: expected");
    expect(() => consume(queue, urlOf, { ...queue.options(), ack: undefined as never })).toThrow(
      "ack: expected",
    );
    expect(() => consume(queue, urlOf, { ...queue.options(), concurency: 1 } as never)).toThrow(
      'there is no option "concurency"',
    );
  });
});

describe("stopping", () => {
  test("drain: nothing more is taken, what runs is finished and acknowledged, what waits is given back", async () => {
    const queue = new TestQueue(["/retry-after/drain/9?seconds=9", ...jobs(100)], true);
    const consuming = consume(queue, urlOf, { ...queue.options(), concurrency: 5, prefetch: 20 });
    await expect.poll(() => queue.acked.length).toBeGreaterThan(3);
    consuming.drain();
    const summary = await consuming;
    expect(summary.ended).toBe("drained");
    expect([queue.held, summary.taken]).toEqual([0, queue.taken]);
    expect(queue.taken).toBeLessThan(100);
    expect(queue.nacked.length).toBeGreaterThan(0);
    expect(new Set(queue.nacked.map(({ task }) => `${task.state} ${task.retryable}`))).toEqual(
      new Set(["cancelled true"]),
    );
    expect(queue.closed).toBe(true);
  });

  test("a signal drains too, also one that has aborted; it is let go of", async () => {
    const controller = new AbortController();
    const queue = new TestQueue(jobs(3), true);
    const consuming = consume(queue, urlOf, { ...queue.options(), signal: controller.signal });
    await expect.poll(() => queue.acked.length).toBe(3);
    controller.abort();
    expect(await consuming).toEqual({ taken: 3, acked: 3, nacked: 0, ended: "drained" });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    const unread = new TestQueue(jobs(3));
    const nothing = await consume(unread, urlOf, { ...unread.options(), signal: controller.signal });
    expect([nothing.ended, unread.taken]).toEqual(["drained", 0]);
  });

  test("cancel: requests and handlers are stopped, and their messages given back", async () => {
    const queue = new TestQueue(["/ok", "/hang", "/hang"], true);
    const consuming = consume(queue, urlOf, {
      ...queue.options(),
      handle: (_task, signal) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
    await expect.poll(() => queue.taken).toBe(3);
    await later(50);
    consuming.drain();
    await later(20);
    expect(queue.nacked).toEqual([]);
    consuming.cancel("the time is up");
    expect(await consuming).toEqual({ taken: 3, acked: 0, nacked: 3, ended: "cancelled" });
    expect(queue.nacked.map(({ task }) => [task.state, task.retryable])).toEqual(
      Array.from({ length: 3 }, () => ["cancelled", true]),
    );
  });

  test("a message that comes after that is given back", async () => {
    const queue = new TestQueue([], true);
    const consuming = consume(queue, urlOf, queue.options());
    await later(10);
    consuming.drain();
    expect(await consuming).toMatchObject({ taken: 0, ended: "drained" });
    queue.push("/late");
    await expect.poll(() => queue.nacked.length).toBe(1);
    expect(queue.nacked[0]?.task).toMatchObject({ state: "cancelled", by: "shutdown", retryable: true });
  });

  test("at whatever moment: each message that was taken is acknowledged or given back, once", async () => {
    for (let moment = 0; moment < 40; moment++) {
      const queue = new TestQueue(jobs(30), true);
      const consuming = consume(queue, urlOf, { ...queue.options(), concurrency: 3 });
      for (let i = 0; i < moment; i++) await (i % 4 === 3 ? later(1) : undefined);
      if (moment % 2 === 0) consuming.drain();
      else consuming.cancel();
      const summary = await consuming;
      const told = [...queue.acked, ...queue.nacked.map(({ id }) => id)].sort((a, b) => a - b);
      expect(told, `stopped at ${moment}`).toEqual(Array.from({ length: queue.taken }, (_, i) => i + 1));
      expect(summary.taken).toBe(queue.taken);
    }
  });
});
