import { afterAll, beforeAll, describe, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { BatchClosed, Client, type FailedItem } from "../src/entry/node.ts";

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

const at = (path: string) => `${origin.url}${path}`;

describe("retryFailed", () => {
  test("sends what has failed once more, each with a task of its own", async () => {
    const urls = [
      ...["a", "b", "c"].map(name => at(`/flaky/retry-failed-${name}/1`)),
      at("/ok"),
      at("/status/404"),
    ];
    const batch = client.batch(urls, { attempts: 1 });
    const seen: string[] = [];
    let retried: unknown;
    for await (const { id, input, state } of batch) {
      seen.push(`${urls.indexOf(input)} ${state}`);
      if (id < 5 && seen.length === 5) retried = batch.retryFailed();
    }
    expect(retried).toEqual({ retried: 4, forgotten: 0 });
    expect(seen.slice(0, 5).sort()).toEqual(["0 failed", "1 failed", "2 failed", "3 succeeded", "4 failed"]);
    expect(seen.slice(5).sort()).toEqual(["0 succeeded", "1 succeeded", "2 succeeded", "4 failed"]);
    expect(batch.progress).toMatchObject({ pulled: 9, succeeded: 4, failed: 5 });
  });

  test("a filter is shown what it needs, and each failure is offered until it is taken", async () => {
    const urls = [at("/status/404"), at("/status/503"), "http://127.0.0.1:1/"];
    const batch = client.batch(urls, { attempts: 1, concurrency: 1 });
    const shown: FailedItem<string>[] = [];
    const retried: number[] = [];
    let settled = 0;
    for await (const _task of batch) {
      settled += 1;
      if (settled !== 3) continue;
      expect(() =>
        batch.retryFailed(() => {
          throw new Error("no opinion");
        }),
      ).toThrow("no opinion");
      const collect = (item: FailedItem<string>) => shown.push(item) > 0 && item.status === 404;
      retried.push(batch.retryFailed(collect).retried);
      retried.push(batch.retryFailed(({ status }) => status === 404).retried);
      retried.push(batch.retryFailed(({ code }) => code === "CONNECTION_REFUSED").retried);
    }
    expect(shown.map(({ id, input, code, status }) => [id, input, code, status])).toEqual([
      [0, urls[0], "HTTP_STATUS", 404],
      [1, urls[1], "HTTP_STATUS", 503],
      [2, urls[2], "CONNECTION_REFUSED", undefined],
    ]);
    expect(shown[0]!.message).toContain("answered 404");
    expect(retried).toEqual([1, 0, 1]);
    expect(settled).toBe(5);
  });

  test("of a key is no duplicate of its failure; other items with the key end as the new task does", async () => {
    const url = at("/flaky/retry-failed-key/1");
    const batch = client.batch([url, `${url}#twin`], { attempts: 1, key: item => item.split("#")[0]! });
    const ends: [string, number | undefined][] = [];
    for await (const { state, duplicateOf } of batch) {
      ends.push([state, duplicateOf]);
      if (ends.length === 2) expect(batch.retryFailed().retried).toBe(2);
    }
    expect(ends).toEqual([
      ["failed", undefined],
      ["failed", 0],
      ["succeeded", undefined],
      ["succeeded", 2],
    ]);
  });

  test("of a group that has failed goes out, and so do those that come later", async () => {
    const batch = client.batch([at("/flaky/retry-failed-group/1")], {
      attempts: 1,
      onFailure: "cancel-group",
      group: () => "all",
    });
    const states: string[] = [];
    for await (const { state } of batch) {
      states.push(state);
      if (states.length === 1) batch.retryFailed();
      if (states.length === 2) batch.add(at("/ok"));
    }
    expect(states).toEqual(["failed", "succeeded", "succeeded"]);
  });

  test("the latest 10,000 are remembered, and how many are not is told", async () => {
    const items = Array.from({ length: 10_050 }, (_, i) => `not a url ${i}`);
    const batch = client.batch(items);
    let settled = 0;
    let answer: unknown;
    for await (const _task of batch) {
      settled += 1;
      if (settled === items.length) answer = batch.retryFailed(({ input }) => input === items.at(-1));
    }
    expect(answer).toEqual({ retried: 1, forgotten: 50 });
    expect(settled).toBe(10_051);
  });

  test("is refused once the batch has ended, or was stopped", async () => {
    const ended = client.batch([at("/status/404")]);
    for await (const _task of ended) void 0;
    expect(() => ended.retryFailed()).toThrow(BatchClosed);
    const stopped = client.batch([at("/ok")]);
    stopped.cancel();
    expect(() => stopped.retryFailed()).toThrow(BatchClosed);
    for await (const _task of stopped) void 0;
  });
});
