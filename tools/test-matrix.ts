/**
 * `npm run test:matrix` runs the behaviour tests on the other Nodes that Skein is for: the oldest one, and the newest of
 * each line. npm fetches those (and keeps them in its cache); the tests themselves run on 26 with `npm test`.
 * `-- --short` takes a part of the tests, and leaves out the newest 22.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const OLDEST = "22.15.0";
const NODES = [OLDEST, "22.23.3", "24.21.0"];
const SHORT = [
  "client",
  "pool",
  "streams",
  "fetch",
  "decoding",
  "cases",
  "cli-request",
  "jobs/output-row",
  "jobs/stream-source",
];

/** What says nothing of a runtime, or can't run there. */
const LEFT_OUT = [
  "**/types/**",
  "**/campaigns/**",
  "**/hostile/**",
  // Its snippets say `await using`, which Node 22 can't parse.
  "**/readme.test.ts",
  // Its judge is Node's own parser: that of 22 refuses a tab behind a length.
  "**/http1/fuzz.test.ts",
];

/** The package of a Node that has nothing to install: the program, for this platform. */
const platform = process.platform === "win32" ? "win" : process.platform;
const packageOf = (version: string) => `node-${platform}-${process.arch}@${version}`;

const root = join(import.meta.dirname, "..");
const isShort = process.argv.includes("--short");
const tests = isShort ? SHORT.map(name => `packages/skein/test/${name}.test.ts`) : ["packages"];
const excluded = LEFT_OUT.flatMap(pattern => ["--exclude", pattern]);

/** Whether the tests pass on that Node. */
function passes(version: string): boolean {
  const node = ["--yes", "--prefer-offline", "--package", packageOf(version), "--", "node"];
  const found = spawnSync("npx", [...node, "--version"], { cwd: root, encoding: "utf8" });
  if (found.stdout.trim() !== `v${version}`)
    throw new Error(`npx gave no Node ${version}: ${found.stdout}${found.stderr}`);
  console.log(`\nNode ${version}`);
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const { status } = spawnSync("npx", [...node, vitest, "run", ...tests, ...excluded], {
    cwd: root,
    stdio: "inherit",
    // The tests of the command line start it from its sources: before 22.18, Node asks for a flag to do so.
    env: { ...process.env, NODE_OPTIONS: "--experimental-strip-types --disable-warning=ExperimentalWarning" },
  });
  return status === 0;
}

const nodes = NODES.filter(version => !isShort || version === OLDEST || version.startsWith("24"));
const failed = nodes.filter(version => !passes(version));
if (failed.length > 0) {
  console.error(`\nThe tests fail on Node ${failed.join(" and ")}`);
  process.exitCode = 1;
}
