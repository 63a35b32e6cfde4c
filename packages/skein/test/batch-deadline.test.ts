import { afterAll, beforeAll, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { type BatchRequest, Client, type Deadline } from "../src/entry/node.ts";

let origin: OriginServer;
let client: Client;
beforeAll(async () => {
  origin = await originServer();
  client = new Client({ baseUrl: origin.url });
});
afterAll(async () => {
  client.destroy();
  await origin.close();
});

async function endings(items: BatchRequest[], deadline: Deadline, perOrigin = 10): Promise<string[]> {
  const ends: string[] = [];
  for await (const task of client.batch(items, { deadline, perOrigin }))
    ends[task.id] = task.state === "failed" ? task.error.code : task.state;
  return ends;
}

test("deadline: each item has so long from when it was taken, and may say something else itself", async () => {
  const items: BatchRequest[] = [
    { url: "/ok" },
    { url: "/delay/5000" },
    { url: "/delay/600", deadline: "10s" },
    { url: "/delay/600", deadline: null },
  ];
  expect(await endings(items, 300)).toEqual(["succeeded", "TOTAL_TIMEOUT", "succeeded", "succeeded"]);
});

test("it counts the time in the queue, and that between attempts", async () => {
  const queued = [{ url: "/delay/5000" }, { url: "/ok" }];
  expect(await endings(queued, 200, 1)).toEqual(["TOTAL_TIMEOUT", "TOTAL_TIMEOUT"]);
  const asked = performance.now();
  const ends = await endings([{ url: "/retry-after/deadline?status=503&seconds=60" }], "1s");
  expect(ends[0]).not.toBe("succeeded");
  expect(performance.now() - asked).toBeLessThan(5_000);
});

test("a moment is one for all", async () => {
  const items = Array.from({ length: 6 }, (_, i) => ({ url: `/delay/150?${i}` }));
  const ends = await endings(items, new Date(Date.now() + 400), 1);
  // One after another: whichever goes first, two have ended by then.
  expect(ends.filter(end => end === "succeeded").length).toBeLessThanOrEqual(2);
  expect(ends.filter(end => end === "TOTAL_TIMEOUT").length).toBeGreaterThanOrEqual(4);
});

test("what is none is refused by its name", () => {
  expect(() => client.batch(["/ok"], { deadline: "soon" as "1s" })).toThrow(/deadline/);
});
