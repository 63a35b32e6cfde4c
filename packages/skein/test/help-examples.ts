import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type OriginServer, originServer, sendJson, sendText } from "@skein/testkit";
import { runSkein, SKEIN_MAIN, scratchDirectory } from "./run-skein.ts";

/** At once: the tests are made from it. */
export const help = (...command: string[]) =>
  execFileSync(process.execPath, [SKEIN_MAIN, ...command, "--help"]).toString();

/** The examples in a command's help, but those that ask for help. */
export function examplesIn(text: string): string[] {
  const block = /Examples:\n((?: {2}.+\n)+)/.exec(text)?.[1] ?? "";
  // What stands apart from a command tells what it does.
  return block
    .trimEnd()
    .split("\n")
    .map(line => line.trim().replace(/ {3,}.*$/, ""))
    .filter(example => !example.endsWith("--help"));
}

/** The host of the examples. */
export function exampleServer(): Promise<OriginServer> {
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
export async function place(origin: OriginServer, needsJob: boolean) {
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

/** Runs an example as a person would type it, to its end. */
export function runExample(
  line: string,
  { cwd, env }: Awaited<ReturnType<typeof place>>,
): Promise<{ code: number; stderr: string }> {
  return new Promise(resolve => {
    execFile(
      "bash",
      ["-c", `set -o pipefail; ${line}`],
      { cwd, env, timeout: 60_000 },
      (error, _stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code ?? -1), stderr }),
    );
  });
}
