import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { Worker } from "node:worker_threads";
import { describe, expect, type ScriptedConnection, scriptedServer, test } from "@skein/testkit";
import { Client, type RequestOptions, SkeinError, type TimeoutOptions } from "../../src/entry/node.ts";
import { baseline, nothingEscapes, outcomeOf, pause } from "./harness.ts";

/** The timeout of each test, and how late it may fire: two steps of the sweep, and what a busy machine adds. */
const LIMIT = 250;
const LATE = 1_500;

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/** One byte or piece after another, for as long as the client is there. */
async function drip({ socket }: ScriptedConnection, start: string, piece: string): Promise<void> {
  socket.write(start);
  while (!socket.destroyed && !socket.readableEnded) {
    socket.write(piece);
    await pause(15);
  }
}

/** What a server does wrong, having read the head of a request. */
const SERVERS: Readonly<Record<string, (connection: ScriptedConnection) => Promise<void>>> = {
  "never answers": async () => undefined,
  "stops in its head": async connection => connection.write("HTTP/1.1 200 OK\r\nX-Slow"),
  "drips its head": connection => drip(connection, "HTTP/1.1 200 OK\r\nX-Slow: ", "y"),
  "drips interim answers": async connection => {
    for (let i = 0; i < 18; i++) {
      await connection.write("HTTP/1.1 102 Processing\r\n\r\n");
      await pause(60);
    }
  },
  "stops in its body": async connection =>
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
  "drips its body": connection => drip(connection, CHUNKED, "1\r\nx\r\n"),
  "drips chunk extensions": connection => drip(connection, `${CHUNKED}1;`, "x"),
  "drips its trailers": connection => drip(connection, `${CHUNKED}1\r\nx\r\n0\r\n`, "y"),
  "never reads the body": async ({ socket }) => void socket.pause(),
};

type Name = keyof TimeoutOptions;

/** Which timeout ends which: those that are not named would wait for ever. */
const CASES: readonly [string, readonly Name[], phase: string][] = [
  ["never answers", ["read", "headers", "total"], "headers"],
  ["stops in its head", ["read", "headers", "total"], "headers"],
  ["drips its head", ["headers", "total"], "headers"],
  ["drips interim answers", ["headers", "total"], "headers"],
  ["stops in its body", ["read", "total"], "body"],
  ["drips its body", ["total"], "body"],
  ["drips chunk extensions", ["total"], "body"],
  ["drips its trailers", ["total"], "body"],
  ["never reads the body", ["write", "total"], "send"],
];

type Way = (client: Client, url: string, options: RequestOptions) => Promise<unknown>;

const WAYS: Readonly<Record<string, Way>> = {
  get: (client, url, options) => client.request(options.content === undefined ? "GET" : "PUT", url, options),
  stream: async (client, url, options) => {
    const method = options.content === undefined ? "GET" : "PUT";
    const stream = await client.stream(url, { ...options, method });
    for await (const _ of stream.chunks());
  },
  fetch: async (client, url, { timeout, content }) => {
    const given = client.extend({ timeout: timeout! });
    const init = content === undefined ? {} : { method: "PUT", body: content as Uint8Array<ArrayBuffer> };
    const response = await given.fetch(url, init).catch(unwrapped);
    await response.arrayBuffer().catch(unwrapped);
  },
};

/** The error of ours that a TypeError of fetch has as its cause. */
function unwrapped(error: unknown): never {
  throw error instanceof SkeinError ? error : (error as Error).cause;
}

const ALL = CASES.flatMap(([server, names, phase]) =>
  names.flatMap(name => Object.keys(WAYS).map(way => [way, server, name, phase] as const)),
);

test.each(ALL)("%s, from a server that %s: the %s timeout ends it", async (way, name, timeout, phase) => {
  nothingEscapes();
  const server = await scriptedServer(async connection => {
    await connection.readHead();
    await SERVERS[name]!(connection);
  });
  const restored = baseline();
  const client = new Client({ retry: false });
  const off = { total: null, read: null, write: null, headers: null };
  const content = phase === "send" ? new Uint8Array(30_000_000) : undefined;
  const options = { timeout: { ...off, [timeout]: LIMIT }, ...(content && { content }) };
  const startedAt = performance.now();
  const error = await outcomeOf(WAYS[way]!(client, server.url, options));
  const elapsed = performance.now() - startedAt;
  expect(error).toMatchObject({
    code: `${timeout.toUpperCase()}_TIMEOUT`,
    phase,
    requestSent: phase === "send" ? "partial" : "full",
  });
  expect(elapsed).toBeGreaterThanOrEqual(LIMIT - 1);
  expect(elapsed).toBeLessThan(LIMIT + LATE);
  client.destroy();
  await server.close();
  await restored();
});

test("a batch's item that is answered drop by drop ends at its timeout, and the others go on", async () => {
  nothingEscapes();
  await using server = await scriptedServer(async connection => {
    for (;;) {
      const head = await connection.readHead();
      if (head.includes("/drip")) return drip(connection, CHUNKED, "1\r\nx\r\n");
      await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  });
  const client = new Client();
  const paths = Array.from({ length: 40 }, (_, id) => `${server.url}/${id % 10 === 0 ? "drip" : "ok"}/${id}`);
  const states: Record<string, number> = {};
  for await (const task of client.batch(paths, { timeout: LIMIT, attempts: 2, concurrency: 10 })) {
    states[task.state] = (states[task.state] ?? 0) + 1;
    if (task.state !== "failed") continue;
    expect(task.error.code).toBe("TOTAL_TIMEOUT");
    expect(task.attempts).toHaveLength(2);
  }
  expect(states).toEqual({ succeeded: 36, failed: 4 });
  await client.close();
});

describe("a wait that nobody limits", () => {
  test("`timeout: false` turns off every one of the client's", async () => {
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      await pause(500);
      await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    const client = new Client({ timeout: { read: 100, headers: 100, total: 200 }, retry: false });
    expect(await client.get(server.url, { timeout: false }).text()).toBe("ok");
    expect(await outcomeOf(client.get(server.url))).toMatchObject({
      code: expect.stringMatching(/_TIMEOUT$/),
    });
    client.destroy();
  });
});

/** A server that listens and accepts nothing: when its queue is full, whoever connects gets no answer at all. */
async function blackhole(): Promise<{ url: string } & AsyncDisposable> {
  const program = `
    const { parentPort } = require("node:worker_threads");
    const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000);
    });`;
  const worker = new Worker(program, { eval: true });
  const [port] = await once(worker, "message");
  const fill = Array.from({ length: 8 }, () => connect(port, "127.0.0.1").on("error", () => undefined));
  await pause(50);
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of fill) socket.destroy();
      await worker.terminate();
    },
  };
}

describe("a connection that never comes to be", () => {
  test.each<[string, TimeoutOptions, string, string]>([
    ["the connect timeout", { connect: LIMIT }, "CONNECT_TIMEOUT", "connect"],
    ["the total timeout", { connect: null, total: LIMIT }, "TOTAL_TIMEOUT", "queue"],
    ["the pool timeout", { connect: null, pool: LIMIT }, "POOL_TIMEOUT", "queue"],
  ])("%s ends the wait for it", async (_, timeout, code, phase) => {
    nothingEscapes();
    await using server = await blackhole();
    const client = new Client({ retry: false });
    const startedAt = performance.now();
    const error = await outcomeOf(client.get(server.url, { timeout }));
    expect(error).toMatchObject({ code, phase, requestSent: "none" });
    expect(performance.now() - startedAt).toBeLessThan(LIMIT + LATE);
    client.destroy();
  });

  test("is tried again, also for a POST: nothing was sent", async () => {
    nothingEscapes();
    await using server = await blackhole();
    const client = new Client({ retry: 2, timeout: { connect: 150 } });
    const error = await outcomeOf(client.post(server.url, { json: 1 }));
    expect(error).toMatchObject({ code: "CONNECT_TIMEOUT", retryable: true });
    expect((error as SkeinError).attempts).toHaveLength(2);
    client.destroy();
  });

  test("can be cancelled, and a client that closes does not wait for it", async () => {
    nothingEscapes();
    await using server = await blackhole();
    const client = new Client({ retry: false });
    const [cancelled, left] = [client.get(server.url), client.get(server.url)];
    await pause(30);
    cancelled.cancel("enough");
    expect(await outcomeOf(cancelled)).toMatchObject({ code: "ABORTED", requestSent: "none" });
    const closing = client.close();
    expect(await outcomeOf(left)).toMatchObject({ code: "CLIENT_CLOSED" });
    await closing;
  });

  test("a name that does not exist is said so", async () => {
    nothingEscapes();
    const client = new Client({ retry: false, timeout: "15s" });
    const error = await outcomeOf(client.get("http://does-not-exist.invalid/"));
    expect(error).toMatchObject({ code: "DNS_FAILED", phase: "dns", requestSent: "none", retryable: true });
    expect((error as Error).message).toContain("does-not-exist.invalid");
    client.destroy();
  });
});

const SERVER = `
  const server = require("node:http").createServer((_, response) => response.end("ok"));
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;

test("a server that is stopped meets the read timeout, and serves the next call when it goes on", async () => {
  nothingEscapes();
  const server: ChildProcess = spawn(process.execPath, ["-e", SERVER], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [port] = await once(server.stdout!, "data");
    const url = `http://127.0.0.1:${String(port).trim()}/`;
    const client = new Client({ retry: false, timeout: { read: LIMIT } });
    expect(await client.get(url).text()).toBe("ok");
    server.kill("SIGSTOP");
    const calls = await Promise.all(Array.from({ length: 10 }, () => outcomeOf(client.get(url))));
    for (const error of calls) expect(error).toMatchObject({ code: "READ_TIMEOUT", phase: "headers" });
    server.kill("SIGCONT");
    expect(await client.get(url, { timeout: "10s" }).text()).toBe("ok");
    client.destroy();
  } finally {
    server.kill("SIGKILL");
  }
});
