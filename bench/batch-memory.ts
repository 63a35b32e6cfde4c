import { fileURLToPath } from "node:url";
import { nginxServer } from "../packages/testkit/src/nginx-server.ts";
import { pinned, runCommand } from "./measure.ts";

/** An in-memory batch, as long as wanted: its memory must not grow with its length. */
export async function benchBatchMemory(count: number): Promise<string> {
  await using nginx = await nginxServer({ cpu: 1 });
  const script = fileURLToPath(new URL("./batch-process.ts", import.meta.url));
  const output = await runCommand(...pinned(process.execPath, [script, `${nginx.url}/json`, String(count)]));
  const { rate, bare, samples } = JSON.parse(output) as { rate: number; bare: number; samples: number[] };
  const settled = samples.slice(1);
  console.log(`  batch              ${Math.round(rate).toLocaleString("en")}/s`);
  return [
    "## An in-memory batch",
    "",
    `${count.toLocaleString("en")} requests, concurrency 50, each task read and dropped: ${Math.round(rate).toLocaleString("en")} a second,`,
    `${(rate / bare).toFixed(2)} of the bare client in the same process. Resident memory after each twentieth of it, in MB: ${samples.join(" ")};`,
    `after the first, it grew by ${Math.max(...settled) - (settled[0] ?? 0)} MB.`,
  ].join("\n");
}
