import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, describe, expect, test } from "@skein/testkit";

const root = resolve(import.meta.dirname, "..");
const trees: string[] = [];
afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true, force: true });
});

/** Runs the check on a copy of the sources with these files planted in it, or on the planted files alone. */
function check(
  planted: Readonly<Record<string, string>>,
  copySources: boolean,
): { code: number; output: string } {
  const tree = mkdtempSync(join(tmpdir(), "skein-floors-"));
  trees.push(tree);
  for (const name of [".dependency-cruiser.js", "tsconfig.json", "package.json"])
    cpSync(join(root, name), join(tree, name));
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  const src = join(tree, "packages/skein/src");
  if (copySources) copySourcesTo(src);
  for (const [name, text] of Object.entries(planted)) {
    mkdirSync(dirname(join(src, name)), { recursive: true });
    writeFileSync(join(src, name), text);
  }
  const options = { cwd: tree, encoding: "utf8" } as const;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "tools/check-floors.ts")],
    options,
  );
  return { code: status ?? -1, output: stdout + stderr };
}

/** Without the tests: what they import lies elsewhere. */
function copySourcesTo(src: string): void {
  const filter = (name: string) => !name.endsWith(".test.ts");
  cpSync(join(root, "packages/skein/src"), src, { recursive: true, filter });
}

const VIOLATIONS = [
  ["core-imports-only", "core/planted.ts", 'export * from "../policy/backoff.ts";'],
  ["protocol-imports-only", "protocol/planted.ts", 'export * from "../core/headers.ts";'],
  ["layers-do-not-know-each-other", "layers/planted/planted.ts", 'export * from "../retry/retry-layer.ts";'],
  ["only-runtime-names-a-runtime", "pool/planted.ts", 'import "node:fs";'],
  ["client-imports-only", "client/planted.ts", 'export * from "../runtime/node/node-clock.ts";'],
  ["nothing-imports-the-cli", "jobs/planted.ts", 'export * from "../cli/exit-code.ts";'],
  ["no-unresolved", "policy/planted.ts", 'import "./nowhere.ts";'],
] as const;

describe("the check of the floors", { timeout: 60_000 }, () => {
  test("finds planted violations, each by its rule, and nothing else", () => {
    const planted = Object.fromEntries(VIOLATIONS.map(([, name, text]) => [name, text]));
    const { code, output } = check(planted, true);
    for (const [rule, name] of VIOLATIONS) expect(output).toContain(`${rule}: packages/skein/src/${name}`);
    expect(output.split("\n").filter(line => line.includes("→") && !line.includes("planted"))).toEqual([]);
    expect(code).toBe(1);
  });

  test("fails when it saw no modules", () => {
    const { code, output } = check({ "core/alone.ts": "export const alone = 1;" }, false);
    expect(output).toContain("the rules saw nothing");
    expect(code).toBe(1);
  });
});
