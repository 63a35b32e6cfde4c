import { describe, expect, originServer, test } from "@skein/testkit";
import { Client, type LimitOptions, PoolFull } from "../src/entry/node.ts";

async function withLimits(limits: LimitOptions, run: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ limits, retry: false });
  try {
    await run(client);
  } finally {
    client.destroy();
  }
}

type Origin = Awaited<ReturnType<typeof originServer>>;

const crowd = (client: Client, { url }: Origin, count: number, path = "/delay/30") =>
  Promise.all(Array.from({ length: count }, () => client.get(url + path).text()));

/** Connections that are open once the server has heard of those that were closed. */
async function expectOpen(origin: Origin, count: number): Promise<void> {
  await expect.poll(() => origin.openConnections).toBe(count);
}

describe("maxKeepAlive", () => {
  test("so many connections are kept, the ones used last, and the others are closed", async () => {
    await using origin = await originServer();
    await withLimits({ maxKeepAlive: 3 }, async client => {
      await crowd(client, origin, 10);
      expect(origin.connections).toBe(10);
      await expectOpen(origin, 3);
      await crowd(client, origin, 3);
      expect(origin.connections).toBe(10);
    });
  });

  test("counts those of all origins: the one that has idled longest goes", async () => {
    await using a = await originServer();
    await using b = await originServer();
    await withLimits({ maxKeepAlive: 2 }, async client => {
      await crowd(client, a, 2);
      await crowd(client, b, 1);
      await expectOpen(a, 1);
      await expectOpen(b, 1);
    });
  });

  test("0 keeps none; those who wait get a connection that has answered all the same", async () => {
    await using origin = await originServer();
    await withLimits({ maxKeepAlive: 0, maxConnections: 2 }, async client => {
      await crowd(client, origin, 10, "/ok");
      expect(origin.connections).toBe(2);
      await expectOpen(origin, 0);
      expect((await client.get(`${origin.url}/ok`)).reused).toBe(false);
    });
  });
});

describe("maxInFlightPerOrigin", () => {
  test("no more are under way at once; another origin is not held back", async () => {
    await using a = await originServer();
    await using b = await originServer();
    await withLimits({ maxInFlightPerOrigin: 2 }, async client => {
      await Promise.all([crowd(client, a, 8), crowd(client, b, 2)]);
      expect([a.connections, b.connections]).toEqual([2, 2]);
    });
  });

  test("a streamed body is under way until it has ended", async () => {
    await using origin = await originServer();
    await withLimits({ maxInFlightPerOrigin: 1 }, async client => {
      const stream = await client.stream(`${origin.url}/bytes/1000000`);
      const next = client.get(`${origin.url}/ok`, { timeout: { pool: 100 } });
      await expect(next).rejects.toMatchObject({ code: "POOL_TIMEOUT" });
      stream.close();
      expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
    });
  });

  test("who asks for more connections than its default gets them", async () => {
    await using origin = await originServer();
    await withLimits({ maxConnectionsPerOrigin: 120 }, async client => {
      await crowd(client, origin, 120, "/delay/300");
      expect(origin.connections).toBe(120);
    });
  });
});

describe("maxWaiting", () => {
  test("a call beyond it fails at once, and says so; the others go on", async () => {
    await using origin = await originServer();
    await withLimits({ maxConnectionsPerOrigin: 2, maxWaiting: 3 }, async client => {
      const accepted = crowd(client, origin, 5);
      const refused = client.get(`${origin.url}/ok`);
      const error = await refused.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(PoolFull);
      expect(error).toMatchObject({
        code: "POOL_FULL",
        phase: "queue",
        requestSent: "none",
        retryable: false,
        message: expect.stringMatching(/GET .*\/ok: no connection is free, and 3 calls wait already/),
      });
      expect(await accepted).toEqual(Array(5).fill("ok"));
      expect(origin.requestCount).toBe(5);
      expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
    });
  });

  test("0: who finds no connection, and no room for one, fails; opening one is no wait", async () => {
    await using origin = await originServer();
    await withLimits({ maxConnections: 3, maxWaiting: 0 }, async client => {
      const calls = crowd(client, origin, 3);
      await expect(client.get(`${origin.url}/ok`)).rejects.toMatchObject({ code: "POOL_FULL" });
      expect(await calls).toEqual(Array(3).fill("ok"));
      expect(await crowd(client, origin, 3)).toEqual(Array(3).fill("ok"));
    });
  });

  test("a refusal is not tried again, and does not stay in the line", async () => {
    await using origin = await originServer();
    const client = new Client({ limits: { maxConnections: 1, maxWaiting: 1 } });
    const first = client.get(`${origin.url}/delay/100`).text();
    const second = client.get(`${origin.url}/ok`).text();
    for (let i = 0; i < 200; i++) {
      const error = client.get(`${origin.url}/ok`);
      await expect(error).rejects.toMatchObject({ code: "POOL_FULL" });
    }
    expect([await first, await second]).toEqual(["ok", "ok"]);
    expect(origin.requestCount).toBe(2);
    client.destroy();
  });

  test("one who leaves the line makes a place in it", async () => {
    await using origin = await originServer();
    await withLimits({ maxConnections: 1, maxWaiting: 1 }, async client => {
      const first = client.get(`${origin.url}/delay/100`).text();
      const leaving = client.get(`${origin.url}/ok`);
      leaving.cancel();
      await expect(leaving).rejects.toMatchObject({ code: "ABORTED" });
      expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
      await first;
    });
  });
});

test("maxRequestsPerConnection: a connection is closed after so many, and those who wait get a new one", async () => {
  await using origin = await originServer();
  await withLimits({ maxConnections: 1, maxRequestsPerConnection: 3 }, async client => {
    const responses = await Promise.all(Array.from({ length: 7 }, () => client.get(`${origin.url}/ok`)));
    expect(responses.map(({ reused }) => reused)).toEqual([false, true, true, false, true, true, false]);
    expect(origin.connections).toBe(3);
  });
});

test.each<[LimitOptions, RegExp]>([
  [{ maxKeepAlive: -1 }, /limits\.maxKeepAlive: expected a whole number of at least 0/],
  [{ maxWaiting: 0.5 }, /limits\.maxWaiting/],
  [{ maxInFlightPerOrigin: 0 }, /limits\.maxInFlightPerOrigin: expected a whole number of at least 1/],
  [{ maxRequestsPerConnection: 0 }, /limits\.maxRequestsPerConnection/],
  [{ maxKeepalive: 3 } as LimitOptions, /did you mean "maxKeepAlive"/],
])("%j is refused by name", (limits, message) => {
  expect(() => new Client({ limits })).toThrow(message);
});

test("they belong to the connections, which a client that extends another shares", () => {
  const client = new Client();
  expect(() => client.extend({ limits: { maxWaiting: 1 } } as never)).toThrow(
    /"limits" belongs to the connections/,
  );
});
