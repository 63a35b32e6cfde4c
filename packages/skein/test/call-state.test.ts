import { afterAll, beforeAll, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { Client, fetchTransport, type ResponsePromise, type TaskState } from "../src/entry/node.ts";

let origin: OriginServer;
let client: Client;
beforeAll(async () => {
  origin = await originServer();
  client = new Client({ baseUrl: origin.url, limits: { maxConnections: 1 } });
});
afterAll(async () => {
  await client.close();
  await origin.close();
});

/** The states of a call as they were seen, each once. */
async function statesOf(call: ResponsePromise): Promise<TaskState[]> {
  const seen: TaskState[] = [call.state];
  const look = () => {
    if (seen.at(-1) !== call.state) seen.push(call.state);
  };
  const timer = setInterval(look, 1);
  await call.catch(() => undefined);
  clearInterval(timer);
  look();
  return seen;
}

test("pending until there is a connection, then running, then succeeded", async () => {
  const first = client.get("/delay/60");
  const second = client.get("/delay/20");
  expect([first.state, second.state]).toEqual(["pending", "pending"]);
  await expect.poll(() => first.state).toBe("running");
  expect(second.state).toBe("pending");
  await first;
  expect(first.state).toBe("succeeded");
  expect(await statesOf(second)).toEqual(["running", "succeeded"]);
});

test("waiting between two attempts; then it is pending, and runs again", async () => {
  const call = client.get("/retry-after/call-state", { params: { seconds: 1, status: 503 } });
  await expect.poll(() => call.state).toBe("waiting");
  await call;
  expect(call.state).toBe("succeeded");
});

test("cancelled: while it waits for a connection, while it runs, and between attempts", async () => {
  const running = client.get("/delay/9000");
  const pending = client.get("/ok");
  await expect.poll(() => running.state).toBe("running");
  for (const call of [pending, running]) {
    call.cancel();
    await expect(call).rejects.toMatchObject({ code: "ABORTED" });
    expect(call.state).toBe("cancelled");
  }
  const waiting = client.get("/retry-after/cancelled", { params: { seconds: 9, status: 503 } });
  await expect.poll(() => waiting.state).toBe("waiting");
  waiting.cancel();
  await expect(waiting).rejects.toMatchObject({ code: "ABORTED" });
  expect(waiting.state).toBe("cancelled");
});

test("failed: by the network, by its status, by a mistake; and not where a fallback answers", async () => {
  const failing = [
    client.get("/reset-mid-body", { retry: false }),
    client.get("/status/404", { raiseForStatus: true }),
    client.get("/delay/9000", { timeout: 20, retry: false }),
    client.get("/", { unknown: 1 } as object),
  ];
  await Promise.allSettled(failing);
  expect(failing.map(({ state }) => state)).toEqual(failing.map(() => "failed"));
  const saved = client.get("/reset-mid-body", { retry: false, fallback: () => client.get("/ok") });
  await saved;
  expect(saved.state).toBe("succeeded");
  const refused = client.get("/status/404");
  await refused;
  expect(refused.state).toBe("succeeded");
});

test("a call that is redirected goes on running", async () => {
  const states = await statesOf(client.get("/redirect/302", { params: { to: "/delay/30" } }));
  expect(states.slice(states.indexOf("running"))).toEqual(["running", "succeeded"]);
});

test("over the platform's fetch it runs as soon as that was called", async () => {
  const web = new Client({ baseUrl: origin.url, transport: fetchTransport() });
  const call = web.get("/delay/20");
  await expect.poll(() => call.state).toBe("running");
  await call;
  expect(call.state).toBe("succeeded");
});

test("whatever happens to it: forward only, through a wait to another attempt, to one end", async () => {
  const once = ["/ok", "/delay/5", "/redirect/302?to=/ok", "/status/404", "/hang"];
  const again = ["/flaky/a/1", "/reset-mid-body"];
  const paths = [...once, ...again];
  const own = new Client({ baseUrl: origin.url, limits: { maxConnections: 3 }, timeout: 400 });
  const calls = Array.from({ length: 42 }, (_, index) => {
    const call = own.get(paths[index % paths.length]!);
    if (index % 5 === 0) setTimeout(() => call.cancel(), index);
    return statesOf(call);
  });
  const order: TaskState[] = ["pending", "running", "waiting", "succeeded", "failed", "cancelled"];
  for (const [index, states] of (await Promise.all(calls)).entries()) {
    const ends = states.filter(state => ["succeeded", "failed", "cancelled"].includes(state));
    expect(ends, String(states)).toEqual([states.at(-1)]);
    if (again.includes(paths[index % paths.length]!)) continue;
    expect(states).not.toContain("waiting");
    expect(states.toSorted((a, b) => order.indexOf(a) - order.indexOf(b))).toEqual(states);
  }
  await own.close();
});
