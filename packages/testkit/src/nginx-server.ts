import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listenOnLoopback } from "./server-lifetime.ts";

export interface NginxOptions {
  /** The folder that `/` serves. Default: an empty one. */
  root?: string;
  /** Directives of the server, `location` blocks mostly. Default: `/ok` and `/json`, answered from memory. */
  locations?: string;
  /** The CPU that the worker is bound to. Default: any. */
  cpu?: number;
  /** The whole nginx.conf in the place of ours; it must listen on the port given. */
  config?: (facts: NginxFacts) => string;
}

export interface NginxFacts {
  readonly port: number;
  readonly root: string;
  /** For nginx's own files; removed at the end. */
  readonly directory: string;
}

export interface NginxServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** The process id of the master. */
  readonly pid: number;
  /** Stops nginx and removes its folder. */
  close(): Promise<void>;
}

const DEFAULT_LOCATIONS = `
    location = /ok { default_type text/plain; return 200 "ok"; }
    location = /json { default_type application/json; return 200 '{"id":12345,"name":"Skein","tags":["a","b","c"],"ok":true}'; }`;

/** How long nginx may take to answer, or to stop. */
const PATIENCE_MS = 10_000;

/**
 * Starts Debian's nginx (one worker, in the foreground) with a folder of its own on a free port.
 *
 * @throws Error when nginx is not installed, or does not start; with its error log
 */
export async function nginxServer(options: NginxOptions = {}): Promise<NginxServer> {
  const directory = mkdtempSync(join(tmpdir(), "skein-nginx-"));
  try {
    return await startNginx(directory, options);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

async function startNginx(directory: string, options: NginxOptions): Promise<NginxServer> {
  const root = options.root ?? join(directory, "www");
  mkdirSync(join(directory, "www"));
  const facts = { port: await freePort(), root, directory };
  writeFileSync(join(directory, "nginx.conf"), options.config?.(facts) ?? defaultConfig(facts, options));
  const child = spawn("nginx", ["-p", directory, "-c", join(directory, "nginx.conf"), "-e", "error.log"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const stopAtExit = () => child.kill("SIGTERM");
  process.once("exit", stopAtExit);
  const close = async () => {
    process.off("exit", stopAtExit);
    await stop(child);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await answers(child, facts);
  } catch (error) {
    await close();
    throw error;
  }
  const { port } = facts;
  return { url: `http://127.0.0.1:${port}`, port, pid: child.pid!, close, [Symbol.asyncDispose]: close };
}

function defaultConfig(
  { port, root }: NginxFacts,
  { cpu, locations = DEFAULT_LOCATIONS }: NginxOptions,
): string {
  // As root, nginx would give its worker to a user that can't read the temporary folder.
  const user = process.getuid?.() === 0 ? "user root;" : "";
  const affinity = cpu === undefined ? "" : `worker_cpu_affinity ${"1".padEnd(cpu + 1, "0")};`;
  return `
daemon off; ${user} worker_processes 1; ${affinity} pid nginx.pid; error_log error.log warn;
events { worker_connections 10000; }
http {
  access_log off; sendfile on; tcp_nodelay on; etag on;
  types { text/plain txt; application/json json; text/html html; }
  default_type application/octet-stream;
  keepalive_requests 1000000000; keepalive_timeout 1h;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${port} backlog=8192;
    root ${JSON.stringify(root)};${locations}
  }
}
`;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenOnLoopback(server);
  await new Promise(resolve => server.close(resolve));
  return port;
}

async function answers(child: ChildProcess, { port, directory }: NginxFacts): Promise<void> {
  let failure: Error | undefined;
  let said = "";
  child.stderr?.on("data", chunk => {
    said += chunk;
  });
  child.once("error", (error: NodeJS.ErrnoException) => {
    failure =
      error.code === "ENOENT" ? new Error("nginx is not installed: apt-get install nginx-light") : error;
  });
  child.once("exit", code => {
    failure ??= new Error(`nginx ended with code ${code}: ${said}${readLog(directory)}`);
  });
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!(await accepts(port))) {
    if (failure !== undefined) throw failure;
    if (performance.now() > giveUpAt)
      throw new Error(`nginx does not answer on ${port}: ${readLog(directory)}`);
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
