import { expect, originServer, test } from "@skein/testkit";
import { Client, isSkeinError } from "../src/entry/node.ts";

/** `/moved` answers 503 first, then leads to `/next`, which answers 503 as often as `times` says. */
async function start() {
  const seen = new Map<string, number>();
  const count = (key: string) => {
    seen.set(key, (seen.get(key) ?? 0) + 1);
    return seen.get(key)!;
  };
  return originServer({
    routes: {
      moved: ({ response, query }) => {
        const isBusy = count(`moved ${query}`) === 1;
        if (!isBusy) response.setHeader("location", `/next?${query}`);
        response.statusCode = isBusy ? 503 : 302;
        response.end();
      },
      next: ({ response, query }) => {
        if (query.has("cut")) return void response.destroy();
        response.statusCode = count(`next ${query}`) <= Number(query.get("times")) ? 503 : 200;
        response.end();
      },
    },
  });
}

test("attempts are those of all hops, of an answer and of an error; where none was tried again there are none", async () => {
  await using origin = await start();
  await using client = new Client({ timeout: "15s" });
  const statuses = async (path: string) =>
    (await client.get(origin.url + path)).attempts.map(({ status }) => status);
  expect(await statuses("/moved?times=0")).toEqual([503, 302, 200]);
  expect(await statuses("/redirect/302?to=/next?times=1")).toEqual([302, 503, 200]);
  expect(await statuses("/redirect/302?to=/ok")).toEqual([]);
  const error = await client.get(`${origin.url}/moved?cut`, { retry: 2 }).catch((thrown: unknown) => thrown);
  if (!isSkeinError(error)) throw error;
  expect(error.attempts.map(({ status, error }) => status ?? error?.code)).toEqual([
    503,
    302,
    "CONNECTION_CLOSED",
    "CONNECTION_CLOSED",
  ]);
  expect(error.message).toMatch(/\(attempt 2 of 2, after /);
  expect(error.attempts.every(({ durationMs, startedAt }) => durationMs >= 0 && startedAt > 0)).toBe(true);
});
