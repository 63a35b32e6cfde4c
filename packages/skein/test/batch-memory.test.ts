import { expect, originServer, test } from "@skein/testkit";
import { Client } from "../src/entry/node.ts";

const BODY = Buffer.alloc(400_000, "x");

/** A server that sends most of a body at once, and the rest later; it counts how many it is at when each request comes. */
async function slowBodies(ms: number) {
  const open: number[] = [];
  let now = 0;
  const origin = await originServer({
    routes: {
      body: ({ response }) => {
        now += 1;
        open.push(now);
        response.writeHead(200, { "content-length": BODY.length });
        response.write(BODY.subarray(0, 399_999));
        setTimeout(() => {
          now -= 1;
          response.end("x");
        }, ms);
      },
    },
    remember: 0,
  });
  return { origin, open };
}

const urls = (url: string, count: number) => Array.from({ length: count }, (_, i) => `${url}/body?${i}`);

test("maxBufferedBytes: nothing is started while that much of bodies is in memory", async () => {
  const { origin, open } = await slowBodies(30);
  await using client = new Client();
  let read = 0;
  for await (const task of client.batch(urls(origin.url, 60), {
    concurrency: 20,
    maxBufferedBytes: 1_000_000,
  })) {
    if (task.state === "succeeded") read += task.response.bytes().length;
  }
  expect(read).toBe(60 * BODY.length);
  // How large bodies are is known after the first; the 20 that were started together can't be taken back.
  expect(Math.max(...open.slice(35))).toBeLessThanOrEqual(4);
  await origin.close();
});

test("a body that is larger than all of it gets through, one at a time; so does one that parse is slow with", async () => {
  const { origin, open } = await slowBodies(5);
  await using client = new Client();
  let parsing = 0;
  let mostParsing = 0;
  const batch = client.batch(urls(origin.url, 12), {
    concurrency: 4,
    ordered: true,
    maxBufferedBytes: 1,
    parse: async response => {
      mostParsing = Math.max(mostParsing, ++parsing);
      await new Promise(resolve => setTimeout(resolve, 10));
      parsing -= 1;
      return response.bytes().length;
    },
  });
  const values: unknown[] = [];
  for await (const task of batch) values.push(task.state === "succeeded" ? task.value : task.error);
  expect(values).toEqual(Array.from({ length: 12 }, () => BODY.length));
  expect(Math.max(...open.slice(6))).toBe(1);
  expect(mostParsing).toBeLessThanOrEqual(4);
  await origin.close();
});

test("what nobody reads counts, too: with it full nothing more is sent until it is read", async () => {
  const { origin, open } = await slowBodies(1);
  await using client = new Client();
  const batch = client.batch(urls(origin.url, 30), { concurrency: 2, maxBufferedBytes: 1_000_000 });
  await expect.poll(() => batch.progress.succeeded).toBeGreaterThanOrEqual(3);
  await new Promise(resolve => setTimeout(resolve, 100));
  expect(open.length).toBeLessThanOrEqual(5);
  let settled = 0;
  for await (const task of batch) settled += task.state === "succeeded" ? 1 : 0;
  expect(settled).toBe(30);
  await origin.close();
});

test("nonsense is refused", async () => {
  await using client = new Client();
  expect(() => client.batch([], { maxBufferedBytes: 0 })).toThrow(
    "maxBufferedBytes: expected a whole number of at least 1",
  );
});
