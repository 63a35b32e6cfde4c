import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./server-process.ts";

/** A Redis that runs; what it has stored outlives `kill` and `start`. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again, with what it had stored. */
  start(): Promise<void>;
}

const PATIENCE_MS = 20_000;

/**
 * Starts Debian's Redis on a free port, in a folder of its own; every write is on disk before it is answered.
 *
 * @throws Error when it is not installed, or does not start
 */
export async function redisServer(): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), "skein-redis-"));
  const port = await freePort();
  let redis: ChildProcess | undefined;
  const start = async () => {
    redis = spawn("redis-server", settings(port, directory), { stdio: "ignore" });
    await answers(redis, port);
  };
  const kill = async () => {
    if (redis !== undefined) await killNow(redis);
    redis = undefined;
  };
  const close = async () => {
    await kill();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  return { port, kill, start, [Symbol.asyncDispose]: close };
}

function settings(port: number, directory: string): string[] {
  const durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];
  const bounds = ["--maxmemory", "100mb", "--maxmemory-policy", "noeviction"];
  return ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, ...durable, ...bounds];
}

async function answers(redis: ChildProcess, port: number): Promise<void> {
  let failure: Error | undefined;
  redis.once("error", (error: NodeJS.ErrnoException) => {
    failure =
      error.code === "ENOENT" ? new Error("Redis is not installed: apt-get install redis-server") : error;
  });
  redis.once("exit", code => {
    failure ??= new Error(`redis-server ended with code ${code}`);
  });
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!(await pongs(port))) {
    if (failure !== undefined) throw failure;
    if (performance.now() > giveUpAt) throw new Error(`redis-server does not answer on ${port}`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

/** While it still loads what it had stored, it takes connections and answers with an error. */
function pongs(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    socket.once("data", data => {
      socket.destroy();
      resolve(String(data).startsWith("+PONG"));
    });
    socket.once("error", () => resolve(false));
  });
}

async function killNow(redis: ChildProcess): Promise<void> {
  if (redis.pid === undefined || redis.exitCode !== null || redis.signalCode !== null) return;
  const exited = new Promise(resolve => redis.once("exit", resolve));
  redis.kill("SIGKILL");
  await exited;
}
