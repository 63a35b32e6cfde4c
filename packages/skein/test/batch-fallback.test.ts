import { afterAll, beforeAll, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { Client, isHTTPStatusError, isTimeout } from "../src/entry/node.ts";

let origin: OriginServer;
let client: Client;
beforeAll(async () => {
  origin = await originServer();
  client = new Client({ baseUrl: origin.url, retry: false });
});
afterAll(async () => {
  client.destroy();
  await origin.close();
});

async function all<T extends { id: number }>(batch: AsyncIterable<T>): Promise<T[]> {
  const tasks: T[] = [];
  for await (const task of batch) tasks.push(task);
  return tasks.sort((a, b) => a.id - b.id);
}

test("a task that failed succeeds with the value that fallback gives, and tells what it failed with", async () => {
  const batch = client.batch(["/ok", "/status/404", "/reset-mid-body"], {
    parse: response => response.text().length,
    fallback: (error, item) => `${item}: ${error.code}`,
  });
  const [good, refused, cut] = await all(batch);
  expect(good).toMatchObject({ state: "succeeded", value: expect.any(Number), error: undefined });
  expect(good).not.toHaveProperty("fallback");
  expect(refused).toMatchObject({
    state: "succeeded",
    fallback: true,
    value: "/status/404: HTTP_STATUS",
    error: { code: "HTTP_STATUS", status: 404 },
    attempts: [{ status: 404 }],
  });
  if (refused?.state !== "succeeded" || refused.fallback !== true) throw new Error("not narrowed");
  const { value, response } = refused satisfies { value: string };
  expect([typeof value, response?.status]).toEqual(["string", 404]);
  expect(cut).toMatchObject({ state: "succeeded", fallback: true, response: undefined });
  expect(Object.isFrozen(cut)).toBe(true);
  expect(batch.progress).toMatchObject({ succeeded: 3, failed: 0, errors: [] });
});

test("it is asked once, after the last attempt, and per class of error; what it throws fails the task", async () => {
  const asked: string[] = [];
  const batch = client.batch(["/hang", "/status/500", "/status/404"], {
    attempts: 2,
    timeout: 300,
    parse: response => response.status,
    fallback: error => {
      asked.push(error.code);
      if (isTimeout(error)) return "late" as const;
      if (isHTTPStatusError(error) && error.status === 500) throw new Error("no default");
      throw error;
    },
  });
  const [late, thrown, passed] = await all(batch);
  expect(asked.toSorted()).toEqual(["HTTP_STATUS", "HTTP_STATUS", "TOTAL_TIMEOUT"]);
  expect(late).toMatchObject({ state: "succeeded", value: "late", attempts: [{}, {}] });
  expect(thrown).toMatchObject({
    state: "failed",
    kind: "handler",
    error: { code: "HANDLER_FAILED" },
    attempts: [{}, {}],
  });
  expect(passed).toMatchObject({ state: "failed", kind: "status", error: { status: 404 } });
  expect(batch.progress).toMatchObject({ succeeded: 1, failed: 2 });
});

test("not for a mistake in the program, a promise, or what was cancelled", async () => {
  const asked: string[] = [];
  const batch = client.batch(["http://[", "/ok", "/status/404"], {
    parse: () => {
      throw new TypeError("oops");
    },
    fallback: async error => {
      asked.push(error.code);
      return 1;
    },
  });
  const [mistake, threw, promised] = await all(batch);
  expect(mistake).toMatchObject({ state: "failed", kind: "handler" });
  expect(threw).toMatchObject({ state: "failed", error: { code: "HANDLER_FAILED" } });
  expect(promised).toMatchObject({ state: "failed", error: { code: "INVALID_OPTION" } });
  expect(asked).toEqual(["HTTP_STATUS"]);
  const cancelled = client.batch(["/hang"], { fallback: () => 1 });
  setTimeout(() => cancelled.cancel(), 50);
  expect((await all(cancelled))[0]).toMatchObject({ state: "cancelled" });
  expect(() => client.batch([], { fallback: 3 as never })).toThrow("fallback: expected a function");
});

test("with onFailure and maxErrors it is no failure; duplicates have the same value", async () => {
  const batch = client.batch(["/status/404", "/status/404", "/ok"], {
    key: path => path,
    onFailure: "cancel-batch",
    maxErrors: 0,
    concurrency: 1,
    fallback: () => "none",
  });
  const [first, second, third] = await all(batch);
  expect(first).toMatchObject({ state: "succeeded", value: "none" });
  expect(second).toMatchObject({ state: "succeeded", fallback: true, value: "none", duplicateOf: 0 });
  expect(third).toMatchObject({ state: "succeeded" });
});

test("a task whose deadline passed while it waited has one, too", async () => {
  const items = [{ url: "/retry-after/fallback?status=503&seconds=60", deadline: 500 }];
  const [task] = await all(client.batch(items, { attempts: 3, fallback: () => "default" }));
  expect(task).toMatchObject({
    state: "succeeded",
    fallback: true,
    value: "default",
    attempts: [{ status: 503 }],
  });
});
