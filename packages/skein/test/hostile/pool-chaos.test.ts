import {
  describe,
  expect,
  originServer,
  type ScriptedConnection,
  scriptedServer,
  test,
} from "@skein/testkit";
import { Client, type ClientOptions, SkeinError } from "../../src/entry/node.ts";
import { baseline, Chance, LIMIT_MS, nothingEscapes, outcomeOf, pause, TIMES } from "./harness.ts";

/** A server that does to each connection whatever a server can do, and says whose answer it gives. */
async function moody(connection: ScriptedConnection, chance: Chance): Promise<void> {
  for (;;) {
    if (chance.happens(0.02)) return connection.reset();
    const path = (await connection.readHead()).split(" ")[1]!;
    if (chance.happens(0.5)) await pause(chance.int(6));
    const close = chance.happens(0.15);
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n${close ? "Connection: close\r\n" : ""}\r\n${path}`;
    const how = chance.int(20);
    if (how === 0) return connection.reset();
    if (how === 1) return connection.end();
    if (how === 2) {
      await connection.write(answer.slice(0, chance.int(answer.length)));
      return connection.end();
    }
    if (how === 3) {
      await connection.write(`${answer.slice(0, -1)}`);
      await pause(1);
    }
    await connection.write(how === 3 ? answer.slice(-1) : answer);
    // While it is idle, or just as the next request is on its way.
    if (how === 4) return connection.end();
    if (how === 5) await connection.write("x");
    if (close && chance.happens(0.5)) return connection.end();
  }
}

const LIMITS: readonly NonNullable<ClientOptions["limits"]>[] = [
  { maxConnections: 1, maxConnectionsPerOrigin: 1 },
  { maxConnections: 2, maxConnectionsPerOrigin: 1 },
  { maxConnections: 4, maxConnectionsPerOrigin: 2, keepAliveExpiry: 1 },
  { maxConnections: 16, maxConnectionsPerOrigin: 5, maxAge: 20 },
  { maxConnections: 7, maxConnectionsPerOrigin: 100 },
];

test.each(LIMITS.map(limits => [JSON.stringify(limits), limits] as const))(
  "chaos within %s: everything settles, nothing is left",
  { timeout: LIMIT_MS },
  async (_, limits) => {
    nothingEscapes();
    const chance = new Chance(`pool ${JSON.stringify(limits)}`);
    const restored = baseline();
    const servers = await Promise.all(
      Array.from({ length: 5 }, () => scriptedServer(connection => moody(connection, chance))),
    );
    const client = new Client({ timeout: "20s", limits });
    const counts: Record<string, number> = {};
    const until = performance.now() + 1_000 * TIMES;
    let calls = 0;
    const once = async () => {
      const path = `/${calls++}`;
      const call = client.get(chance.pick(servers).url + path, { retry: chance.happens(0.3) ? 2 : false });
      if (chance.happens(0.2)) setTimeout(() => call.cancel(), chance.int(12));
      const outcome = await outcomeOf(call.text());
      const name = outcome instanceof SkeinError ? outcome.code : "whole";
      counts[name] = (counts[name] ?? 0) + 1;
      if (!(outcome instanceof SkeinError)) expect(outcome).toBe(path);
    };
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        while (performance.now() < until) await once();
      }),
    );
    console.log(`pool: ${calls} calls: ${JSON.stringify(counts)}`);
    expect(counts.whole).toBeGreaterThan(20);
    const known = ["whole", "ABORTED", "CONNECTION_RESET", "CONNECTION_CLOSED", "BODY_CUT"];
    // A byte too many on a connection may come just behind the next request: it is no answer to that.
    expect(Object.keys(counts).filter(name => !known.includes(name) && name !== "INVALID_RESPONSE")).toEqual(
      [],
    );
    await client.close();
    for (const server of servers) {
      await expect.poll(() => server.openConnections, { timeout: 5_000 }).toBe(0);
      await server.close();
    }
    await restored();
  },
);

describe("nobody waits for ever while others are served:", () => {
  /** Calls to `url`, one after the other and always some at once, until told to stop. */
  function demand(client: Client, url: string): { stop(): Promise<unknown>; count(): number } {
    let stopped = false;
    let count = 0;
    const loops = Array.from({ length: 10 }, async () => {
      while (!stopped) {
        await client.get(url);
        count += 1;
      }
    });
    return {
      stop: () => {
        stopped = true;
        return Promise.all(loops);
      },
      count: () => count,
    };
  }

  test("with one connection in all, each of two busy origins gets it in turn", async () => {
    nothingEscapes();
    await using busy = await originServer();
    await using other = await originServer();
    const client = new Client({ timeout: "10s", limits: { maxConnections: 1 } });
    const crowd = demand(client, `${busy.url}/delay/2`);
    await pause(50);
    expect(await client.get(`${other.url}/ok`).text()).toBe("ok");
    const before = crowd.count();
    const second = demand(client, `${other.url}/delay/2`);
    await pause(2_500);
    expect(crowd.count()).toBeGreaterThan(before + 10);
    expect(second.count()).toBeGreaterThan(10);
    await Promise.all([crowd.stop(), second.stop()]);
    await client.close();
  });

  test("a call whose origin has a connection, but one that a stream keeps", async () => {
    nothingEscapes();
    await using busy = await originServer();
    await using other = await originServer();
    const client = new Client({ timeout: "10s", limits: { maxConnections: 3 } });
    const stream = await client.stream(`${other.url}/slow-body?bytes=2000&ms=50`);
    const crowd = demand(client, `${busy.url}/delay/2`);
    await pause(50);
    expect(await client.get(`${other.url}/ok`).text()).toBe("ok");
    await crowd.stop();
    stream.close();
    await client.close();
  });
});
