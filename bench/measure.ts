import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** Runs a command and returns what it printed; fails with its errors when it fails. */
export async function runCommand(command: string, args: readonly string[]): Promise<string> {
  return (await runMeasured(command, args)).output;
}

/** The same, with the most memory that it had resident, in MiB; 0 where the system does not tell. */
export function runMeasured(
  command: string,
  args: readonly string[],
): Promise<{ output: string; peakMib: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    let peakMib = 0;
    const watch = setInterval(() => {
      peakMib = Math.max(peakMib, peakOf(child.pid));
    }, 50);
    child.stdout.on("data", chunk => {
      output += chunk;
    });
    child.stderr.on("data", chunk => {
      errors = (errors + chunk).slice(-4_000);
    });
    child.on("error", reject);
    child.on("close", code => {
      clearInterval(watch);
      if (code === 0) resolve({ output, peakMib });
      else reject(new Error(`${command} ${args.join(" ")} ended with ${code}: ${errors}`));
    });
  });
}

/** The kernel keeps the high-water mark of each process. */
function peakOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1_024);
  } catch {
    return 0;
  }
}

/** On a machine with more than one core, the client gets the first one for itself (the server has the second). */
export function pinned(command: string, args: readonly string[]): [string, string[]] {
  return process.platform === "linux" ? ["taskset", ["-c", "0", command, ...args]] : [command, [...args]];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** One row of measurements: a figure a round, by name. */
export type Rounds = ReadonlyMap<string, readonly number[]>;

/** Interleaved: A B C, A B C … so that a machine that slows down slows all alike. */
export async function interleave(
  names: readonly string[],
  rounds: number,
  measure: (name: string, round: number) => Promise<number>,
): Promise<Rounds> {
  const results = new Map<string, number[]>(names.map(name => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const value = await measure(name, round);
      results.get(name)!.push(value);
      console.log(`  ${name.padEnd(18)} ${Math.round(value).toLocaleString("en")}/s`);
    }
  }
  return results;
}

/** A Markdown table: rate, its spread, and `subject`'s rate as a multiple of each, paired round by round. */
export function ratioTable(results: Rounds, subject: string, unit = "requests/s"): string {
  const own = results.get(subject)!;
  const rows = [...results].map(([name, values]) => {
    const ratios = values.map((value, round) => own[round]! / value);
    const spread = `${Math.round(Math.min(...values)).toLocaleString("en")}–${Math.round(Math.max(...values)).toLocaleString("en")}`;
    const ratio =
      name === subject
        ? ""
        : `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`;
    return `| ${name} | ${Math.round(median(values)).toLocaleString("en")} | ${spread} | ${ratio} |`;
  });
  return [
    `| | ${unit}, median | min–max | ${subject} ÷ it, median (min–max) |`,
    "| --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}
