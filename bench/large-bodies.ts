import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nginxServer } from "../packages/testkit/src/nginx-server.ts";
import { testCertificates } from "../packages/testkit/src/test-certificates.ts";
import { interleave, median, pinned, ratioTable, runCommand } from "./measure.ts";
import type { Effort } from "./small-calls.ts";

const MB = 1e6;

/** What `body-process.js` prints. */
interface BodyFigures {
  readonly rate: number;
  readonly perCpuSecond: number;
  readonly firstPeak: number;
}

type How = "streamed" | "buffered";

/** One large body after another, over one connection, on one core; each client in a process of its own. */
export async function benchLargeBodies(effort: Effort, megabytes: number): Promise<string> {
  await using clear = await bodyServer(megabytes, "");
  await using encrypted = await bodyServer(megabytes, "ssl http2");
  const plain = `${clear.url}/body`;
  const secure = `${encrypted.url.replace("http:", "https:")}/body`;
  const length = megabytes * MB;
  const parts = ["## Large bodies", "", about(megabytes)];
  for (const how of ["streamed", "buffered"] as const) {
    const http1 = await measure(["skein", "undici"], { url: plain, how, length }, effort);
    const http2 = await measure(["skein-h2", "node-http2"], { url: secure, how, length }, effort);
    parts.push("", `HTTP/1.1, ${how}. Goal: ${how === "streamed" ? "1.3" : "1.8"} × undici.`, "", http1);
    parts.push("", `HTTP/2, ${how}. Goal: 1 × node:http2.`, "", http2);
  }
  return parts.join("\n");
}

function about(megabytes: number): string {
  return [
    `A file of ${megabytes} MB from nginx (one worker, second core), fetched again and again over one connection; HTTP/2 over TLS.`,
    "Behind the rates: MB for a second of the client's own time on the processor, which tells more where the server is",
    "what is slow; and the most memory, in MB, that its process had resident with the first body, all of Node included.",
  ].join("\n");
}

interface BodyTask {
  readonly url: string;
  readonly how: How;
  readonly length: number;
}

async function measure(names: string[], task: BodyTask, effort: Effort): Promise<string> {
  const figures = new Map<string, BodyFigures[]>(names.map(name => [name, []]));
  const rates = await interleave(names, effort.rounds, async name => {
    const measured = await figuresOf(name, task, effort.seconds);
    figures.get(name)!.push(measured);
    return measured.rate;
  });
  const efficiency = new Map([...figures].map(([name, all]) => [name, all.map(one => one.perCpuSecond)]));
  const peaks = [...figures].map(
    ([name, all]) => `${name} ${Math.round(median(all.map(({ firstPeak }) => firstPeak)))} MB`,
  );
  const subject = names[0]!;
  return [
    ratioTable(rates, subject, "MB/s"),
    "",
    ratioTable(efficiency, subject, "MB per CPU second"),
    "",
    `Memory: ${peaks.join(", ")}.`,
  ].join("\n");
}

async function figuresOf(name: string, task: BodyTask, seconds: number): Promise<BodyFigures> {
  const script = fileURLToPath(new URL("./body-process.js", import.meta.url));
  const trust = `NODE_EXTRA_CA_CERTS=${testCertificates().caFile}`;
  const args = [script, name, task.how, task.url, String(task.length), String(seconds)];
  return JSON.parse(await runCommand(...pinned("env", [trust, process.execPath, ...args]))) as BodyFigures;
}

function bodyServer(megabytes: number, how: string) {
  const { certFile, keyFile } = testCertificates().valid;
  return nginxServer({
    config: ({ port, root }) => {
      writeFileSync(join(root, "body"), Buffer.alloc(megabytes * MB, "0123456789abcdef"));
      return `
daemon off; user root; worker_processes 1; worker_cpu_affinity 10; pid nginx.pid; error_log error.log warn;
events { worker_connections 100; }
http {
  access_log off; sendfile on; keepalive_requests 1000000000; keepalive_timeout 1h;
  ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};
  server { listen 127.0.0.1:${port} ${how}; root ${root}; }
}
`;
    },
  });
}
