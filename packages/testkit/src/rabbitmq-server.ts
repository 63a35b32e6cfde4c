import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./server-process.ts";

/** A broker that runs; what it has stored outlives `kill` and `start`. */
export interface RabbitMqServer extends AsyncDisposable {
  /** `amqp://…`, the same after a restart. */
  readonly url: string;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again, with what it had stored. */
  start(): Promise<void>;
  /** How many messages each queue holds, with those that are delivered and not yet acknowledged. */
  messageCounts(): Promise<Record<string, number>>;
}

/** Debian's own wrappers want to become another user. */
const COMMAND = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const CONTROL = "/usr/lib/rabbitmq/bin/rabbitmqctl";
/** It takes ten seconds by itself on a slow machine. */
const PATIENCE_MS = 90_000;

/**
 * Starts Debian's RabbitMQ on free ports, with a folder and a port mapper (epmd) of its own.
 *
 * @throws Error when it is not installed, or does not start
 */
export async function rabbitMqServer(): Promise<RabbitMqServer> {
  if (!existsSync(COMMAND)) throw new Error("RabbitMQ is not installed: apt-get install rabbitmq-server");
  const directory = mkdtempSync(join(tmpdir(), "skein-rabbitmq-"));
  const [epmdPort, port, distPort] = [await freePort(), await freePort(), await freePort()];
  const env = environment(directory, { epmdPort, port, distPort });
  const epmd = spawn("epmd", ["-port", String(epmdPort), "-address", "127.0.0.1"], { env, stdio: "ignore" });
  let broker: ChildProcess | undefined;
  const start = async () => {
    broker = spawn(COMMAND, [], { env, stdio: "ignore", detached: true });
    await accepts(broker, port);
  };
  const kill = async () => {
    if (broker !== undefined) await killGroup(broker);
    broker = undefined;
  };
  const close = async () => {
    await kill();
    epmd.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  const messageCounts = () => countMessages(env);
  return { url: `amqp://127.0.0.1:${port}`, kill, start, messageCounts, [Symbol.asyncDispose]: close };
}

async function countMessages(env: NodeJS.ProcessEnv): Promise<Record<string, number>> {
  const args = ["--silent", "list_queues", "name", "messages", "--formatter", "json"];
  const { stdout } = await promisify(execFile)(CONTROL, args, { env, timeout: PATIENCE_MS });
  const queues: { name: string; messages: number }[] = JSON.parse(stdout);
  return Object.fromEntries(queues.map(({ name, messages }) => [name, messages]));
}

function environment(
  directory: string,
  ports: { epmdPort: number; port: number; distPort: number },
): NodeJS.ProcessEnv {
  mkdirSync(join(directory, "log"));
  const limits = "vm_memory_high_watermark.absolute = 200MB\ndisk_free_limit.absolute = 50MB\n";
  writeFileSync(join(directory, "rabbitmq.conf"), limits);
  writeFileSync(join(directory, "enabled_plugins"), "[].");
  return {
    PATH: process.env.PATH,
    LANG: "C.UTF-8",
    // Its cookie is kept here, and so no other's is used.
    HOME: directory,
    ERL_EPMD_PORT: String(ports.epmdPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_NODENAME: "skein@localhost",
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: String(ports.port),
    RABBITMQ_DIST_PORT: String(ports.distPort),
    RABBITMQ_MNESIA_BASE: join(directory, "mnesia"),
    RABBITMQ_LOG_BASE: join(directory, "log"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, "enabled_plugins"),
    RABBITMQ_CONFIG_FILE: join(directory, "rabbitmq"),
    // One scheduler that does not spin: the tests need the processors.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "+S 1:1 +sbwt none",
  };
}

async function accepts(broker: ChildProcess, port: number): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!(await connects(port))) {
    if (broker.exitCode !== null) throw new Error(`RabbitMQ ended with code ${broker.exitCode}`);
    if (performance.now() > giveUpAt) throw new Error(`RabbitMQ does not answer on ${port}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

function connects(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** With all that its script has started. */
async function killGroup(broker: ChildProcess): Promise<void> {
  if (broker.pid === undefined || broker.exitCode !== null || broker.signalCode !== null) return;
  const exited = new Promise(resolve => broker.once("exit", resolve));
  process.kill(-broker.pid, "SIGKILL");
  await exited;
}
