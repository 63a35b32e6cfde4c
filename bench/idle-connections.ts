import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { testCertificates } from "../packages/testkit/src/test-certificates.ts";
import { pinned, runCommand } from "./measure.ts";

/** What `idle-process.ts` prints, in bytes. */
interface IdleFigures {
  readonly counted: number;
  readonly resident: number;
}

/** What it costs to keep connections that nobody uses just now. */
export async function benchIdleConnections(connections: number): Promise<string> {
  const { keyFile, certFile } = testCertificates().valid;
  const plain = await figuresOf("http", connections, []);
  const secure = await figuresOf("https", connections, [keyFile, certFile]);
  console.log(`  idle connections   ${kilobytes(plain.resident)} plain, ${kilobytes(secure.resident)} TLS`);
  return [
    "## Idle connections",
    "",
    `The memory of ${connections.toLocaleString("en")} kept-alive connections, each after one answer, for each of them. Goals: 12 KB plain, 60 KB over TLS.`,
    "",
    "| | resident, as the system counts | heap and external, as Node counts |",
    "| --- | --- | --- |",
    `| plain | ${kilobytes(plain.resident)} | ${kilobytes(plain.counted)} |`,
    `| TLS | ${kilobytes(secure.resident)} | ${kilobytes(secure.counted)} |`,
  ].join("\n");
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1e3).toFixed(1)} KB`;
}

async function figuresOf(
  scheme: string,
  connections: number,
  files: readonly string[],
): Promise<IdleFigures> {
  const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const args = [script("./idle-server.ts"), String(connections), ...files];
  const server = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [port] = (await once(server.stdout, "data")) as [Buffer];
    const url = `${scheme}://127.0.0.1:${Number(port)}/`;
    const trust = `NODE_EXTRA_CA_CERTS=${testCertificates().caFile}`;
    const client = [process.execPath, "--expose-gc", script("./idle-process.ts"), url, String(connections)];
    return JSON.parse(await runCommand(...pinned("env", [trust, ...client]))) as IdleFigures;
  } finally {
    server.kill();
  }
}
