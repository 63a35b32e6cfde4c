import { fileURLToPath } from "node:url";
import { nginxServer } from "../packages/testkit/src/nginx-server.ts";
import { testCertificates } from "../packages/testkit/src/test-certificates.ts";
import { interleave, pinned, ratioTable, runCommand } from "./measure.ts";
import type { Effort } from "./small-calls.ts";

const BODY = '{"id":12345,"name":"Skein","tags":["a","b","c"],"ok":true}';
const CONNECTIONS = 50;
const STREAMS = 100;

/** Small GETs over TLS: HTTP/1.1 on many connections, and HTTP/2 on one; one core, each client in a process of its own. */
export async function benchSecureCalls(effort: Effort): Promise<string> {
  await using plain = await secureNginx("ssl");
  await using multiplexed = await secureNginx("ssl http2");
  const https = await interleave(["raw-net", "skein", "undici-request"], effort.rounds, name =>
    rateOf([name, `${secure(plain.url)}/small`, String(CONNECTIONS), String(effort.seconds)]),
  );
  const url = `${secure(multiplexed.url)}/small`;
  const http2 = await interleave(["h2load", "skein-h2", "node-http2", "undici-h2"], effort.rounds, name =>
    name === "h2load"
      ? h2load(url, effort.seconds)
      : rateOf([name, url, String(STREAMS), String(effort.seconds)]),
  );
  return [
    "## Small GET over TLS",
    "",
    `HTTP/1.1, ${CONNECTIONS} connections; \`raw-net\` is node:tls without any parsing. Goals: 0.65 of it, 1.4 × undici.`,
    "",
    ratioTable(https, "skein"),
    "",
    "## Small GET over HTTP/2",
    "",
    `One connection, ${STREAMS} streams; h2load is nghttp2's, in C. Goals: 0.6 of it, 1.7 × node:http2, 2 × undici.`,
    "",
    ratioTable(http2, "skein-h2"),
  ].join("\n");
}

function secureNginx(how: string) {
  const { certFile, keyFile } = testCertificates().valid;
  return nginxServer({
    config: ({ port }) => `
daemon off; user root; worker_processes 1; worker_cpu_affinity 10; pid nginx.pid; error_log error.log warn;
events { worker_connections 10000; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; http2_max_concurrent_streams 1000;
  ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};
  server {
    listen 127.0.0.1:${port} ${how} backlog=8192;
    location / { default_type application/json; return 200 '${BODY}'; }
  }
}
`,
  });
}

function secure(url: string): string {
  return url.replace("http:", "https:");
}

/** The runtime trusts the tests' authority, so that each client does, in its own way. */
async function rateOf(args: readonly string[]): Promise<number> {
  const script = fileURLToPath(new URL("./client-process.ts", import.meta.url));
  const trust = `NODE_EXTRA_CA_CERTS=${testCertificates().caFile}`;
  const output = await runCommand(...pinned("env", [trust, process.execPath, script, ...args]));
  return JSON.parse(output).rate as number;
}

async function h2load(url: string, seconds: number): Promise<number> {
  const effort = [
    "-D",
    String(Math.max(1, seconds)),
    "--warm-up-time",
    "1",
    "-c",
    "1",
    "-m",
    String(STREAMS),
    "-t",
    "1",
  ];
  const output = await runCommand(...pinned("h2load", [...effort, url]));
  const rate = /finished in [\d.]+s, ([\d.]+) req\/s/.exec(output)?.[1];
  if (rate === undefined) throw new Error(`h2load told no rate: ${output}`);
  // It counts its warm-up second among those that it divides by.
  const done = Number(/requests: \d+ total, \d+ started, (\d+) done/.exec(output)?.[1] ?? 0);
  return done > 0 ? done / Math.max(1, seconds) : Number(rate);
}
