import {
  afterAll,
  beforeAll,
  expect,
  expectTypeOf,
  type OriginServer,
  originServer,
  test,
} from "@skein/testkit";
import { Client, gather } from "../src/entry/node.ts";

let origin: OriginServer;
const client = new Client({ retry: false, timeout: "10s" });
beforeAll(async () => {
  origin = await originServer();
});
afterAll(async () => {
  client.destroy();
  await origin.close();
});

test("results come in the order of the calls, with their types", async () => {
  const [slow, fast, own] = await gather([
    client.get(`${origin.url}/delay/60`).text(),
    client.get(`${origin.url}/json`).json<{ number: number }>(),
    Promise.resolve(7),
  ]);
  expectTypeOf(fast).toEqualTypeOf<{ number: number }>();
  expect([slow, fast.number, own]).toEqual(["ok", 42, 7]);
  expect(await gather([])).toEqual([]);
});

test("a record gives a record", async () => {
  const both = await gather({ a: client.get(`${origin.url}/ok`).text(), b: () => Promise.resolve(2) });
  expectTypeOf(both).toEqualTypeOf<{ a: string; b: number }>();
  expect(both).toEqual({ a: "ok", b: 2 });
});

test("the first failure cancels the others and waits for their end", async () => {
  let ended = 0;
  const slow = client.get(`${origin.url}/delay/8000`);
  slow.catch(() => undefined).then(() => ended++);
  const started = performance.now();
  const error = await gather([
    slow,
    client.get("http://127.0.0.1:1/"),
    async signal => {
      await client.get(`${origin.url}/delay/8000`, { signal }).finally(() => ended++);
    },
  ]).then(
    () => expect.unreachable(),
    e => e,
  );
  expect(error).toMatchObject({ code: "CONNECTION_REFUSED" });
  expect(ended).toBe(2);
  expect(performance.now() - started).toBeLessThan(5_000);
});

test("a function that throws at once fails like one that rejects", async () => {
  const calls = [
    client.get(`${origin.url}/delay/8000`),
    (): Promise<never> => {
      throw new Error("at once");
    },
  ];
  await expect(gather(calls)).rejects.toThrow("at once");
});
