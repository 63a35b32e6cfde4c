import { execFileSync } from "node:child_process";

/**
 * Runs dependency-cruiser over the floors, and fails when it saw hardly any modules: with a TypeScript that it
 * can't read, it reports "0 modules cruised" and succeeds, whatever the code holds.
 */
const FEWEST_MODULES = 20;

interface CruiseResult {
  summary: {
    totalCruised: number;
    error: number;
    violations: { from: string; to: string; rule: { name: string } }[];
  };
  modules: unknown[];
}

function cruise(target: string): CruiseResult {
  const args = ["depcruise", "--config", ".dependency-cruiser.js", "--output-type", "json", target];
  try {
    return JSON.parse(execFileSync("npx", args, { encoding: "utf8", maxBuffer: 2 ** 28 }));
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    if (!stdout) throw error;
    return JSON.parse(stdout);
  }
}

const target = process.argv[2] ?? "packages/skein/src";
const { summary } = cruise(target);
for (const { rule, from, to } of summary.violations) console.error(`${rule.name}: ${from} → ${to}`);
console.log(`${summary.totalCruised} modules, ${summary.violations.length} violations of the floors`);
if (summary.totalCruised < FEWEST_MODULES) {
  console.error(`expected at least ${FEWEST_MODULES} modules under ${target}: the rules saw nothing`);
  process.exitCode = 1;
}
if (summary.violations.length > 0) process.exitCode = 1;
