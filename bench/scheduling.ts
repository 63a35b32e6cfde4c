import { fileURLToPath } from "node:url";
import { median, pinned, runCommand } from "./measure.ts";

/** Microseconds that deciding what is sent when takes for each task. */
export async function benchScheduling(rounds: number, tasks: number): Promise<string> {
  const rows: string[] = [];
  for (const [what, script, kind] of ROWS) {
    const taken: number[] = [];
    for (let round = 0; round < rounds; round++) taken.push(await measure(script, kind, tasks));
    const [low, high] = [Math.min(...taken), Math.max(...taken)];
    rows.push(`| ${what} | ${median(taken).toFixed(2)} | ${low.toFixed(2)}–${high.toFixed(2)} |`);
  }
  return [
    "## Scheduling",
    "",
    "Microseconds for a task, with 10,000 origins, on one core. Goal: 3. The scheduler alone has 20,000 tasks ready all the time;",
    "the whole batch is what a task costs more than a bare call, over a transport that answers at once.",
    "",
    "| | µs, median | min–max |",
    "| --- | --- | --- |",
    ...rows,
  ].join("\n");
}

const ROWS = [
  ["the scheduler alone", "scheduling-process.ts", "plain"],
  ["… with three priorities", "scheduling-process.ts", "priority"],
  ["… with deadlines, each its own", "scheduling-process.ts", "deadline"],
  ["the whole batch", "whole-batch-process.ts", "plain"],
  ["… with a deadline", "whole-batch-process.ts", "deadline"],
] as const;

async function measure(script: string, kind: string, tasks: number): Promise<number> {
  const path = fileURLToPath(new URL(`./${script}`, import.meta.url));
  return Number(await runCommand(...pinned(process.execPath, [path, kind, String(tasks)])));
}
