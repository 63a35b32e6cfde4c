import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, type OriginServer, originServer, sendJson, sendText, test } from "@skein/testkit";
import { runSkein, SKEIN_MAIN, scratchDirectory } from "./run-skein.ts";

/** At once: the tests are made from it. */
const help = (...command: string[]) =>
  execFileSync(process.execPath, [SKEIN_MAIN, ...command, "--help"]).toString();

/** The commands of the program, as its help lists them. */
const COMMANDS = [...help().matchAll(/^ {2}([a-z]+) (?:\[options\]|<)/gm)].map(match => match[1]!);

/** They show a page, which has to be built; `ui` goes on until it is told to end. Tests of their own run them. */
const OF_THE_PAGE = new Set(["ui", "report"]);

function examplesIn(text: string): string[] {
  const block = /Examples:\n((?: {2}.+\n)+)/.exec(text)?.[1] ?? "";
  // What stands apart from a command tells what it does.
  return block
    .trimEnd()
    .split("\n")
    .map(line => line.trim().replace(/ {3,}.*$/, ""));
}

/** The host of the examples. */
function exampleServer(): Promise<OriginServer> {
  const page = ({ response }: { response: import("node:http").ServerResponse }) =>
    sendText(response, "a page");
  const names = ["", "a", "b", "users", "form", "up", "account", "private", "logo.png"];
  return originServer({
    routes: {
      ...Object.fromEntries(names.map(name => [name, page])),
      "data.json": ({ response }) => sendJson(response, { a: 1 }),
      "disk.iso": page,
    },
  });
}

/** Where the examples run: a `skein` in the path, the files that they name, and for those that look at a job one that has run. */
async function place(origin: OriginServer, needsJob: boolean) {
  const cwd = scratchDirectory();
  const bin = join(cwd, "bin");
  mkdirSync(bin);
  mkdirSync(join(cwd, "images"));
  writeFileSync(join(bin, "skein"), `#!/bin/sh\nexec '${process.execPath}' '${SKEIN_MAIN}' "$@"\n`);
  chmodSync(join(bin, "skein"), 0o755);
  writeFileSync(join(cwd, "urls.txt"), `# a list\n${origin.url}/a\n${origin.url}/b\n`);
  writeFileSync(join(cwd, "shops.csv.gz"), gzipSync(`website\n${origin.url}/a\n`));
  writeFileSync(join(cwd, "a.jpg"), "a picture");
  writeFileSync(join(cwd, "user.json"), '{"name": "Ada"}');
  if (needsJob) await runSkein(["fetch", "urls.txt", "-o", "results.jsonl", "-q"], { cwd });
  const DIGITS = createHash("sha256").update("a page").digest("hex");
  return { cwd, env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, TOKEN: "t", DIGITS } };
}

const JOB_COMMANDS = new Set(["status", "verify", "export", "retry"]);

test("the help lists its commands", () => {
  expect(COMMANDS).toEqual(expect.arrayContaining(["fetch", "get", "download", "completion", "status"]));
});

describe.each([[""], ...COMMANDS.filter(name => !OF_THE_PAGE.has(name)).map(name => [name])])(
  "skein %s --help",
  command => {
    test("every example runs, and the text fits 80 columns", { timeout: 120_000 }, async () => {
      const text = help(...command.split(" ").filter(Boolean));
      expect(Math.max(...text.split("\n").map(line => line.length))).toBeLessThanOrEqual(80);
      const examples = examplesIn(text).filter(example => !example.endsWith("--help"));
      expect(examples.length).toBeGreaterThan(0);
      await using origin = await exampleServer();
      for (const example of examples) {
        const { cwd, env } = await place(origin, JOB_COMMANDS.has(command));
        const line = example.replaceAll("https://example.com", origin.url);
        const end = await new Promise<{ code: number; stderr: string }>(resolve => {
          const options = { cwd, env, timeout: 60_000 };
          execFile("bash", ["-c", `set -o pipefail; ${line}`], options, (error, _stdout, stderr) =>
            resolve({ code: error === null ? 0 : Number(error.code ?? -1), stderr }),
          );
        });
        expect(end.code, `${line}\n${end.stderr}`).toBe(0);
      }
    });
  },
);
