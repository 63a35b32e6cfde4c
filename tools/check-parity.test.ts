import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, test } from "@skein/testkit";

const root = resolve(import.meta.dirname, "..");
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const TESTS = `
describe("a client", () => {
  test("answers", () => {});
  test.each([1, 2])("answers %d times, \\"or not\\"", () => {});
  describe.each(["a", "b"])("of %s", () => { test.skipIf(false)(\`is of use\`, () => {}); });
  test.skip("sleeps", () => {});
  test.todo("dreams");
});
describe.skip("nobody", () => { test("answers", () => {}); });
describe("nothing", () => {});
test("alone", { timeout: 1 }, () => { client.test("not one"); });
`;

/** Runs the check over a table whose rows have these in their last cells. */
function check(cells: readonly string[]): { code: number; lines: string[] } {
  const folder = mkdtempSync(join(tmpdir(), "skein-parity-"));
  folders.push(folder);
  writeFileSync(join(folder, "a.test.ts"), TESTS);
  const rows = cells.map((cell, index) => `| row ${index + 1} | ours \\| theirs | ${cell} |`);
  const other = ["| name | meaning |", "| --- | --- |", "| a | b |", ""];
  const table = [...other, "| HTTPX | Skein | test |", "| --- | --- | --- |", ...rows, "", ...ADDRESSES];
  writeFileSync(join(folder, "table.md"), table.join("\n"));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "tools/check-parity.ts"), join(folder, "table.md")],
    { encoding: "utf8" },
  );
  const lines = (stderr + stdout).trimEnd().split("\n");
  return { code: status ?? -1, lines: lines.map(line => line.replace(/^.*table\.md(?::\d+)?: /, "")) };
}

const ADDRESSES = ["[a]: a.test.ts", "[b]: b.test.ts"];
const link = (title: string, name = "a") => `[${name}] › "${title}"`;

describe("the check of the parity table", () => {
  test("is content with tests that run, groups that hold one, and rows that are not yet there", () => {
    const held = [
      link("a client › answers"),
      `${link('a client › answers %d times, "or not"')}<br>${link("alone")}`,
      link("a client › of %s › is of use"),
      link("a client"),
      "not yet",
    ];
    expect(check(held)).toEqual({ code: 0, lines: ["5 rows, 1 of them not yet there, 0 faults"] });
  });

  test("names each row whose test is gone, is skipped, or is not named", () => {
    const { code, lines } = check([
      link("answers"),
      link("a client › sleeps"),
      link("a client › dreams"),
      link("nobody › answers"),
      link("nothing"),
      link("not one"),
      link("alone", "b"),
      link("alone", "c"),
      `${link("alone")}<br>${link("gone")}`,
      "soon",
      "",
      `${link("alone")} and more`,
    ]);
    expect(lines).toEqual([
      'row 1: [a] runs no test "answers"',
      'row 2: [a] runs no test "a client › sleeps"',
      'row 3: [a] runs no test "a client › dreams"',
      'row 4: [a] runs no test "nobody › answers"',
      'row 5: [a] runs no test "nothing"',
      'row 6: [a] runs no test "not one"',
      expect.stringMatching(/^row 7: \[b\]: there is no file .*b\.test\.ts$/),
      expect.stringMatching(/^row 8: \[c\] has no address/),
      'row 9: [a] runs no test "gone"',
      expect.stringMatching(/^row 10: expected links such as .*; got soon$/),
      expect.stringMatching(/^row 11: expected links/),
      expect.stringMatching(/^row 12: expected links/),
      "12 rows, 0 of them not yet there, 12 faults",
    ]);
    expect(code).toBe(1);
  });

  test("fails where it finds no table", () => {
    expect(check([])).toMatchObject({ code: 1 });
  });
});
