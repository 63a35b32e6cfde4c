import { expect, scriptedServer, test } from "@skein/testkit";
import { Client, isRetryBudgetExhausted } from "../../src/entry/node.ts";

test("an outage is not answered with a multiple of the load: calls fail, and say why", async () => {
  let attempts = 0;
  await using server = await scriptedServer(async connection => {
    await connection.readHead();
    attempts += 1;
    connection.reset();
  });
  await using client = new Client();
  const calls = 300;
  const outcomes = await Promise.all(
    Array.from({ length: calls }, () => client.get(server.url).catch(error => error)),
  );
  const spent = outcomes.filter(isRetryBudgetExhausted);
  expect(spent.length).toBeGreaterThan(250);
  expect(spent[0]).toMatchObject({ code: "RETRY_BUDGET_EXHAUSTED", retryable: true, phase: "headers" });
  expect(spent[0]!.message).toMatch(/reset.*not tried again: the retry budget is used up/);
  expect(spent[0]!.cause).toMatchObject({ code: "CONNECTION_RESET" });
  expect(spent[0]!.retryAfterMs).toBeGreaterThan(0);
  expect(attempts).toBeLessThan(1.1 * calls);
  expect(client.stats().retryBudget).toBeLessThan(420);
  expect(client.extend({}).stats().retryBudget).toBeLessThan(420);
});

test("`retry: { budget: false }` tries again all the same", async () => {
  let attempts = 0;
  await using server = await scriptedServer(async connection => {
    await connection.readHead();
    attempts += 1;
    connection.reset();
  });
  await using client = new Client({ retry: { attempts: 2, budget: false } });
  for (let call = 0; call < 30; call++)
    await expect(client.get(server.url)).rejects.toMatchObject({ code: "CONNECTION_RESET" });
  expect(attempts).toBe(60);
  expect(client.stats().retryBudget).toBe(500);
});

test("a budget that is neither true nor false is refused", () => {
  expect(() => new Client({ retry: { budget: 3 as never } })).toThrow(
    "retry.budget: expected true or false; got 3",
  );
});
