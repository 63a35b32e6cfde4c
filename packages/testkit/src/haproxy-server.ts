import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type ServerProcess, serverProcess } from "./server-process.ts";
import { testCertificates } from "./test-certificates.ts";

export interface HaproxyOptions {
  /** The port of this machine that it hands requests on to. */
  backend: number;
  /** What it offers over TLS, with the valid certificate: `"h2,http/1.1"`. Default: no TLS. */
  alpn?: string;
  /** Directives of its `defaults`, behind ours: `"timeout server 200ms"`. */
  defaults?: string;
  /** Directives of its frontend. */
  frontend?: string;
}

/**
 * Starts Debian's HAProxy in front of a server, on a free port.
 *
 * @throws Error when it is not installed, or does not start
 */
export async function haproxyServer(options: HaproxyOptions): Promise<ServerProcess> {
  const directory = mkdtempSync(join(tmpdir(), "skein-haproxy-"));
  try {
    const port = await freePort();
    const { cert, key } = testCertificates().valid;
    writeFileSync(join(directory, "server.pem"), cert + key);
    writeFileSync(join(directory, "haproxy.cfg"), config(port, directory, options));
    const args = ["-db", "-q", "-f", join(directory, "haproxy.cfg")];
    const server = await serverProcess("haproxy", args, { port, directory, debian: "haproxy" });
    if (options.alpn === undefined) return server;
    return { ...server, url: server.url.replace("http:", "https:") };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

function config(
  port: number,
  directory: string,
  { alpn, backend, defaults = "", frontend = "" }: HaproxyOptions,
): string {
  const secure = alpn === undefined ? "" : `ssl crt ${directory}/server.pem alpn ${alpn}`;
  return `
global
  maxconn 1000
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  ${defaults}
frontend front
  bind 127.0.0.1:${port} ${secure}
  ${frontend}
  default_backend back
backend back
  server one 127.0.0.1:${backend}
`;
}
