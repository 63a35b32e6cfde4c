// Flips a bit of every byte of a small journal, one at a time, of one that was closed and of one that was killed and has left a log:
// each is told, or harmless when the job is resumed.
//
//   node packages/skein/test/campaigns/flip-bytes.ts [seed]

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flipsOf, imageOf, resumeFlipped } from "../jobs/flipping.ts";

const [seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
let bad = 0;
for (const how of ["closed", "killed"] as const) {
  const folder = mkdtempSync(join(tmpdir(), "skein-flips-"));
  const image = await imageOf(folder, how);
  const outcomes = new Map<string, number>();
  let flips = 0;
  for (const flip of flipsOf(image, { most: Number.POSITIVE_INFINITY, seed })) {
    flips++;
    const outcome = await resumeFlipped(image, join(folder, "work"), flip).catch(error => {
      bad++;
      process.stdout.write(`${JSON.stringify(flip)}: ${error.message}\n`);
      return "BAD";
    });
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  process.stdout.write(
    `${how}, seed ${seed}: ${flips} bytes, ${JSON.stringify(Object.fromEntries(outcomes))}\n`,
  );
  rmSync(folder, { recursive: true });
}
process.exitCode = bad === 0 ? 0 : 1;
