import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type ServerProcess, serverProcess } from "./server-process.ts";

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

/** A running nginx; its process is the master. */
export type NginxServer = ServerProcess;

const DEFAULT_LOCATIONS = `
    location = /ok { default_type text/plain; return 200 "ok"; }
    location = /json { default_type application/json; return 200 '{"id":12345,"name":"Skein","tags":["a","b","c"],"ok":true}'; }`;

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
  const args = ["-p", directory, "-c", join(directory, "nginx.conf"), "-e", "error.log"];
  const { port } = facts;
  return await serverProcess("nginx", args, { port, directory, debian: "nginx-light" });
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
