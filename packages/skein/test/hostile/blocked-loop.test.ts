import { expect, test } from "@skein/testkit";
import { Client } from "../../src/entry/node.ts";
import { nothingEscapes, pause } from "./harness.ts";
import { plannedServer } from "./planned-server.ts";

/** Nothing else runs meanwhile: as in a long computation, or while the process is stopped. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

const HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
const short = { total: "10s", read: 1_000, connect: 1_000, headers: 1_000, pool: 1_000 } as const;

// A timeout says that the server was silent. While this process was deaf, nobody knows whether it was.
test.each([
  [900, "timer"],
  [900, "immediate"],
  [3_000, "timer"],
] as const)(
  "a block of %i ms (in a %s) is no silence: the answer that waits is read first",
  async (ms, where) => {
    nothingEscapes();
    await using server = await plannedServer();
    const client = new Client({ retry: false, timeout: { total: "10s", read: 500, headers: 500 } });
    await client.get(server.url);
    const call = client.get(server.planned(20, HEAD, "ok")).text();
    await (where === "timer" ? pause(5) : new Promise(resolve => setImmediate(resolve)));
    block(ms);
    expect(await call).toBe("ok");
    client.destroy();
  },
);

test("a request that is sent right after a block has all of its time", async () => {
  nothingEscapes();
  await using server = await plannedServer();
  const client = new Client({ retry: false, timeout: short });
  const other = client.get(server.planned(300, HEAD, "ok"), { timeout: "10s" }).text();
  await pause(20);
  block(1_900);
  const calls = [1, 2].map(() => client.get(server.planned(200, HEAD, "ok")).text());
  expect(await Promise.all([other, ...calls])).toEqual(["ok", "ok", "ok"]);
  client.destroy();
});

test("what arrived during a block counts from when it was read", async () => {
  nothingEscapes();
  await using server = await plannedServer();
  const client = new Client({ retry: false, timeout: short });
  await client.get(server.url);
  const call = client.get(server.planned(300, HEAD, 2_000, "ok")).text();
  await pause(50);
  // From within a timer: so the loop reads before it looks at its timers again.
  await new Promise<void>(resolve => setTimeout(() => resolve(block(1_900)), 1));
  expect(await call).toBe("ok");
  client.destroy();
});

test.each(["timer", "immediate"] as const)(
  "a block between a look at the clock and one at the timeouts (in a %s) is no silence either",
  async where => {
    nothingEscapes();
    await using server = await plannedServer();
    const client = new Client({ retry: false, timeout: { total: "10s", read: 500, headers: 500 } });
    await client.get(server.url);
    const call = client.get(server.planned(100, HEAD, "ok")).text();
    await new Promise<void>(resolve => {
      setTimeout(() => {
        const lateBlock = () => resolve(block(1_200));
        // Due by the end of the first block, and later than the pool's own timer, which then is due as well.
        setTimeout(() => (where === "timer" ? lateBlock() : setImmediate(lateBlock)), 30);
        block(60);
      }, 1);
    });
    expect(await call).toBe("ok");
    client.destroy();
  },
);

test("a block does not use up the time to connect", async () => {
  nothingEscapes();
  await using server = await plannedServer();
  const client = new Client({ retry: false, timeout: short });
  const call = client.get(server.url).text();
  block(1_900);
  expect(await call).toBe("ok");
  client.destroy();
});

test("timeouts come also where the loop is blocked again and again", async () => {
  nothingEscapes();
  await using server = await plannedServer();
  const client = new Client({ retry: false, timeout: { total: "20s", read: 1_000 } });
  let blocks = 0;
  const timer = setInterval(() => {
    blocks += 1;
    block(600);
  }, 5);
  const started = performance.now();
  const error = await client.get(server.planned(30_000)).catch(failure => failure);
  clearInterval(timer);
  expect(error).toMatchObject({ code: "READ_TIMEOUT" });
  expect(performance.now() - started).toBeLessThan(5_000);
  expect(blocks).toBeGreaterThan(1);
  client.destroy();
});
