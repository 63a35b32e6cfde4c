import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { listenOnLoopback } from "./server-lifetime.ts";

/** A server of somebody else's that runs, in the foreground, with a folder of its own. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Stops it and removes its folder. */
  close(): Promise<void>;
}

export interface ServerProcessFacts {
  /** The one that it was told to listen on. */
  readonly port: number;
  /** For its own files, `error.log` among them; removed at the end. */
  readonly directory: string;
  /** The Debian package that it comes from. */
  readonly debian: string;
}

/** How long a server may take to answer, or to stop. */
const PATIENCE_MS = 10_000;

/** None outlives the tests that it was started for. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGTERM");
});

/**
 * Starts a server, and waits until it takes connections.
 *
 * @throws Error when it is not installed, or does not start; with its error log
 */
export async function serverProcess(
  command: string,
  args: readonly string[],
  facts: ServerProcessFacts,
): Promise<ServerProcess> {
  const { port, directory } = facts;
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  running.add(child);
  const close = async () => {
    await stop(child);
    running.delete(child);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await answers(child, command, facts);
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, port, pid: child.pid!, close, [Symbol.asyncDispose]: close };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenOnLoopback(server);
  await new Promise(resolve => server.close(resolve));
  return port;
}

async function answers(child: ChildProcess, command: string, facts: ServerProcessFacts): Promise<void> {
  const { port, directory, debian } = facts;
  let failure: Error | undefined;
  let said = "";
  child.stderr?.on("data", chunk => {
    said += chunk;
  });
  child.once("error", (error: NodeJS.ErrnoException) => {
    failure =
      error.code === "ENOENT" ? new Error(`${command} is not installed: apt-get install ${debian}`) : error;
  });
  child.once("exit", code => {
    failure ??= new Error(`${command} ended with code ${code}: ${said}${readLog(directory)}`);
  });
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!(await accepts(port))) {
    if (failure !== undefined) throw failure;
    if (performance.now() > giveUpAt)
      throw new Error(`${command} does not answer on ${port}: ${readLog(directory)}`);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

function readLog(directory: string): string {
  try {
    return readFileSync(join(directory, "error.log"), "utf8");
  } catch (error) {
    return `(no error log: ${(error as Error).message})`;
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise(resolve => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  await exited;
  clearTimeout(timer);
}
