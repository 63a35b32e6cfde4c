import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, originServer, test } from "@skein/testkit";
import { runSkein, scratchDirectory } from "./run-skein.ts";

const README = readFileSync(join(import.meta.dirname, "../../../README.md"), "utf8");
const ENTRIES = join(import.meta.dirname, "../src/entry");

const snippets = [...README.matchAll(/```ts\n(.*?)```/gs)].map(match => match[1] ?? "");

/** What each snippet prints, in their order. */
const PRINTED = [
  /^200 true application\/json\n\{ message: 'hello', number: 42 \}\nhello\n$/,
  /^(\d+ 42\n){100}$/,
  /^\{ message: 'hello', number: 42 \} Grüße, 世界 ✓\n\n$/,
  /^HTTP_STATUS GET http:.*\/status\/404: answered 404 Not Found.*\n$/,
  /^complete 2 0\n$/,
];

describe("the README", () => {
  test("every snippet is tried", () => {
    expect(snippets).toHaveLength(PRINTED.length);
  });

  test.each(PRINTED.map((printed, index) => [index + 1, printed] as const))(
    "snippet %d runs",
    async (number, printed) => {
      await using origin = await originServer();
      const cwd = scratchDirectory();
      const code = (snippets[number - 1] ?? "")
        .replaceAll("https://api.example.com", origin.url)
        .replace('from "skein"', `from ${JSON.stringify(join(ENTRIES, "node.ts"))}`)
        .replace('from "skein/jobs"', `from ${JSON.stringify(join(ENTRIES, "jobs.ts"))}`);
      writeFileSync(join(cwd, "snippet.mts"), code);
      const { stdout, stderr } = await promisify(execFile)(process.execPath, ["snippet.mts"], { cwd });
      expect(stdout + stderr).toMatch(printed);
    },
  );

  test.each(["fetch", "get"])("names every flag of skein %s", async command => {
    const { stdout } = await runSkein([command, "--help"]);
    const flags = [...stdout.matchAll(/^ {2}.*?(--[a-z-]+)/gm)].map(match => match[1] ?? "");
    expect(flags.length).toBeGreaterThan(10);
    expect(flags.filter(flag => flag !== "--help" && !README.includes(flag))).toEqual([]);
  });
});
