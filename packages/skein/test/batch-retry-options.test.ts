import { expect, onTestFinished, originServer, test } from "@skein/testkit";
import { type BatchOptions, Client, InvalidOption, type Response } from "../src/entry/node.ts";

async function ended(urls: readonly string[], options: BatchOptions<string, Response, string>) {
  const client = new Client();
  onTestFinished(() => client.destroy());
  const tasks = [];
  for await (const task of client.batch(urls, { ordered: true, ...options })) tasks.push(task);
  return tasks;
}

test("retryOn: these statuses are tried again, the usual ones no more", async () => {
  await using origin = await originServer();
  const urls = [404, 503, 429].map(status => `${origin.url}/status/${status}`);
  const tasks = await ended(urls, { retryOn: [404], attempts: 2 });
  expect(tasks.map(task => task.attempts.length)).toEqual([2, 1, 1]);
});

test("retryMaxTime: what would be tried again too late fails at once, and says why", async () => {
  await using origin = await originServer();
  const urls = [
    `${origin.url}/retry-after/a?seconds=60`,
    `${origin.url}/retry-after/b?status=503&seconds=60`,
  ];
  const tasks = await ended(urls, { retryMaxTime: "1s" });
  for (const { attempts, error } of tasks) {
    expect(attempts).toHaveLength(1);
    expect(error?.message).toMatch(
      /not tried again: the next attempt would begin later than 1 s after the first$/,
    );
  }
  const patient = await ended([`${origin.url}/flaky/x/1`], { retryMaxTime: "60s" });
  expect(patient[0]).toMatchObject({ state: "succeeded", attempts: [{ status: 503 }, { status: 200 }] });
});

test.each([
  [{ retryOn: [42] }, "retryOn: expected an array of statuses, such as [429, 503]"],
  [{ retryOn: 429 as unknown as number[] }, "retryOn: expected an array of statuses"],
  [{ retryMaxTime: "soon" as "1s" }, "retryMaxTime"],
])("%o is refused", async (options, message) => {
  const client = new Client();
  onTestFinished(() => client.destroy());
  expect(() => client.batch([], options)).toThrow(InvalidOption);
  expect(() => client.batch([], options)).toThrow(message);
});
