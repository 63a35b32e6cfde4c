import {
  describe,
  expect,
  nginxServer,
  originServer,
  type ScriptedConnection,
  scriptedServer,
  test,
} from "@skein/testkit";
import { Client, type ClientOptions } from "../src/entry/node.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async function withClient<T>(options: ClientOptions, run: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(options);
  try {
    return await run(client);
  } finally {
    client.destroy();
  }
}

/** Answers every request with `answer`, for as long as the client asks. */
function answering(
  answer: string | ((head: string, connection: ScriptedConnection, count: number) => string | undefined),
) {
  return async (connection: ScriptedConnection) => {
    for (let count = 1; ; count++) {
      const head = await connection.readHead();
      const text = typeof answer === "string" ? answer : answer(head, connection, count);
      if (text !== undefined) await connection.write(text);
    }
  };
}

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

describe("connections are kept", () => {
  test("calls after each other share one", async () => {
    await using origin = await originServer();
    await withClient({}, async client => {
      for (let i = 0; i < 10; i++) expect((await client.get(`${origin.url}/ok`)).reused).toBe(i > 0);
      expect(origin.connections).toBe(1);
    });
  });

  test("calls at once have one each, within the origin's limit; the others wait their turn", async () => {
    await using origin = await originServer();
    await withClient({ limits: { maxConnectionsPerOrigin: 4 } }, async client => {
      const calls = Array.from({ length: 20 }, () => client.get(`${origin.url}/delay/20`).text());
      expect(await Promise.all(calls)).toEqual(Array(20).fill("ok"));
      expect(origin.connections).toBe(4);
    });
  });

  test("first come, first served", async () => {
    const order: string[] = [];
    await using server = await scriptedServer(
      answering(head => {
        order.push(head.split(" ")[1]!);
        return OK;
      }),
    );
    await withClient({ limits: { maxConnectionsPerOrigin: 1 } }, async client => {
      await Promise.all(Array.from({ length: 10 }, (_, i) => client.get(`${server.url}/${i}`)));
      expect(order).toEqual(Array.from({ length: 10 }, (_, i) => `/${i}`));
    });
  });

  test("until they have idled for the time given, or for a second less than the server said", async () => {
    await using origin = await originServer();
    await withClient({ limits: { keepAliveExpiry: 50 } }, async client => {
      await client.get(`${origin.url}/ok`);
      await expect.poll(() => origin.openConnections, { timeout: 5_000 }).toBe(0);
    });
    const polite = OK.replace("\r\n\r\n", "\r\nKeep-Alive: timeout=1\r\n\r\n");
    await using server = await scriptedServer(answering(polite));
    await withClient({}, async client => {
      await client.get(server.url);
      await expect.poll(() => server.openConnections, { timeout: 900 }).toBe(0);
    });
  });

  test("not after `connection: close`, nor with HTTP/1.0", async () => {
    for (const answer of [
      OK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"),
      OK.replace("HTTP/1.1", "HTTP/1.0"),
    ]) {
      await using server = await scriptedServer(answering(answer));
      await withClient({}, async client => {
        expect(await client.get(server.url).text()).toBe("ok");
        expect(await client.get(server.url).text()).toBe("ok");
        expect(server.connections).toBe(2);
      });
    }
  });

  test("an idle one does not keep the process alive, a call in flight does", async () => {
    const { execFile } = await import("node:child_process");
    const { promisify } = await import("node:util");
    await using origin = await originServer();
    const entry = new URL("../src/entry/node.ts", import.meta.url).href;
    const program = `import { Client } from ${JSON.stringify(entry)};
      const client = new Client({ limits: { keepAliveExpiry: "60s" } });
      console.log(await client.get("${origin.url}/delay/100").text());`;
    const started = performance.now();
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
    expect(stdout).toBe("ok\n");
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});

describe("a full pool", () => {
  test("gives the place of an idle connection to another origin", async () => {
    await using a = await originServer();
    await using b = await originServer();
    await withClient({ limits: { maxConnections: 1 } }, async client => {
      expect(await client.get(`${a.url}/ok`).text()).toBe("ok");
      expect(await client.get(`${b.url}/ok`).text()).toBe("ok");
      expect(await client.get(`${a.url}/ok`).text()).toBe("ok");
      expect([a.connections, b.connections]).toEqual([2, 1]);
      expect(a.openConnections + b.openConnections).toBeLessThanOrEqual(2);
    });
  });

  test("does not let a busy origin starve another one", async () => {
    await using busy = await originServer();
    await using other = await originServer();
    await withClient({ limits: { maxConnections: 2 } }, async client => {
      let done = 0;
      const crowd = Array.from({ length: 100 }, () => client.get(`${busy.url}/delay/10`).then(() => done++));
      await client.get(`${other.url}/ok`);
      expect(done).toBeLessThan(50);
      await Promise.all(crowd);
    });
  });

  test("serves many origins through few connections, all to the end", async () => {
    const origins = await Promise.all(Array.from({ length: 12 }, () => originServer()));
    await withClient({ limits: { maxConnections: 3, maxConnectionsPerOrigin: 2 } }, async client => {
      const calls = origins.flatMap(origin =>
        Array.from({ length: 15 }, () => client.get(`${origin.url}/delay/2`).text()),
      );
      expect(await Promise.all(calls)).toHaveLength(180);
    });
    await Promise.all(origins.map(origin => origin.close()));
  });

  test("a pool timeout says what it waited for; a call that waits can be cancelled and leaves its place", async () => {
    await using origin = await originServer();
    await withClient({ limits: { maxConnections: 1 } }, async client => {
      const first = client.get(`${origin.url}/delay/400`).text();
      const cancelled = client.get(`${origin.url}/delay/400`);
      const late = client.get(`${origin.url}/ok`, { timeout: { pool: 60 } });
      const patient = client.get(`${origin.url}/ok`).text();
      cancelled.cancel();
      await expect(cancelled).rejects.toMatchObject({ code: "ABORTED", requestSent: "none" });
      await expect(late).rejects.toMatchObject({ code: "POOL_TIMEOUT", phase: "queue", requestSent: "none" });
      expect(await first).toBe("ok");
      expect(await patient).toBe("ok");
      expect(origin.requestCount).toBe(2);
    });
  });
});

describe("a kept connection that turns out dead", () => {
  test("is replaced at once, without using up an attempt", async () => {
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      await connection.write(OK);
      await connection.readHead();
      if (connection.number === 1) connection.reset();
      else await connection.write(OK);
    });
    await withClient({ retry: false }, async client => {
      expect(await client.get(server.url).text()).toBe("ok");
      expect(await client.get(server.url).text()).toBe("ok");
      expect(server.connections).toBe(2);
    });
  });

  test("is not tried twice, nor with a POST that has no key: those fail as what they are", async () => {
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      await connection.write(OK);
      await connection.readHead();
      connection.socket.destroy();
    });
    await withClient({ retry: false }, async client => {
      await client.get(server.url);
      await expect(client.post(server.url, { json: 1 })).rejects.toMatchObject({
        code: "CONNECTION_CLOSED",
        requestSent: "full",
      });
    });
  });

  test.each(["close", "a late byte"])("because of %s while idle is never used again", async how => {
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      await connection.write(OK);
      await pause(20);
      if (how === "close") connection.socket.destroy();
      else await connection.write("x");
    });
    await withClient({ retry: false }, async client => {
      await client.get(server.url);
      await expect.poll(() => server.openConnections, { timeout: 5_000 }).toBe(0);
      await client.get(server.url);
      expect(server.connections).toBe(2);
    });
  });

  test("a byte behind an answer, in the same segment, never becomes the next answer", async () => {
    const forged = `${OK}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged`;
    await using server = await scriptedServer(answering((_, { number }) => (number === 1 ? forged : OK)));
    await withClient({}, async client => {
      expect(await client.get(server.url).text()).toBe("ok");
      expect(await client.get(server.url).text()).toBe("ok");
      expect(server.connections).toBe(2);
    });
  });
});

describe("a cancelled call", () => {
  test("closes its connection, and the next call sees no byte of the old answer", async () => {
    await using server = await scriptedServer(
      answering((head, { number }) =>
        head.includes("/old") ? `${OK.slice(0, -1)}` : `${OK.slice(0, -2)}${number}!`,
      ),
    );
    await withClient({ limits: { maxConnectionsPerOrigin: 1 } }, async client => {
      const old = client.get(`${server.url}/old`);
      const next = client.get(`${server.url}/new`).text();
      await pause(50);
      old.cancel();
      await expect(old).rejects.toMatchObject({ code: "ABORTED" });
      expect(await next).toBe("2!");
    });
  });
});

describe("closing a client", () => {
  test("finishes what is in flight, and fails what waits", async () => {
    await using origin = await originServer();
    const client = new Client({ limits: { maxConnections: 1 } });
    const inFlight = client.get(`${origin.url}/delay/150`).text();
    const waiting = client.get(`${origin.url}/ok`);
    await pause(60);
    const closed = client.close();
    await expect(waiting).rejects.toMatchObject({ code: "CLIENT_CLOSED" });
    expect(await inFlight).toBe("ok");
    await closed;
    await expect.poll(() => origin.openConnections).toBe(0);
  });

  test("destroy ends everything at once", async () => {
    await using origin = await originServer();
    const client = new Client();
    const call = client.get(`${origin.url}/hang`);
    await pause(30);
    client.destroy("enough");
    await expect(call).rejects.toMatchObject({ code: "ABORTED" });
    await expect.poll(() => origin.openConnections).toBe(0);
  });
});

test("against nginx: 5,000 calls over 20 connections, each answer the one asked for", async () => {
  await using nginx = await nginxServer({ locations: "location / { return 200 $request_uri; }" });
  await withClient({ limits: { maxConnectionsPerOrigin: 20 } }, async client => {
    const texts = await Promise.all(
      Array.from({ length: 5_000 }, (_, i) => client.get(`${nginx.url}/n?${i}`).text()),
    );
    expect(texts.every((text, i) => text === `/n?${i}`)).toBe(true);
  });
});
