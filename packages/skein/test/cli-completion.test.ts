import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@skein/testkit";
import { runSkein, scratchDirectory } from "./run-skein.ts";

function hasShell(name: string): boolean {
  try {
    execFileSync(name, ["-c", "exit 0"]);
    return true;
  } catch {
    return false;
  }
}

async function scriptOf(shell: string): Promise<string> {
  const { code, stdout, stderr } = await runSkein(["completion", shell]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const path = join(scratchDirectory(), `skein.${shell}`);
  writeFileSync(path, stdout, "latin1");
  return path;
}

describe("skein completion", () => {
  test.each([["bash"], ["zsh"], ["fish"]])("%s can read what it is given", async shell => {
    const path = await scriptOf(shell);
    // Debian has them all, and CI installs them; elsewhere there may be none.
    if (process.platform !== "linux" && !hasShell(shell)) return;
    expect(execFileSync(shell, ["-n", path]).toString()).toBe("");
  });

  test("bash completes commands, flags, their values and files", async () => {
    const path = await scriptOf("bash");
    const complete = (...words: string[]) => {
      const run = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _skein; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const cwd = scratchDirectory();
      writeFileSync(join(cwd, "urls.txt"), "");
      return execFileSync("bash", ["-c", run, path, "skein", ...words], { cwd })
        .toString()
        .trim()
        .split("\n");
    };
    expect(complete("st")).toEqual(["status"]);
    expect(complete("fetch", "--per-")).toEqual(["--per-host", "--per-domain"]);
    expect(complete("fetch", "--progress", "")).toEqual(["tty", "plain", "json", "none"]);
    expect(complete("fetch", "ur")).toEqual(["urls.txt"]);
    expect(complete("fetch", "-o", "u")).toEqual(["urls.txt"]);
    expect(complete("get", "--timeout", "")).toEqual([""]);
  });

  test("fish completes commands, flags and their values", async () => {
    const path = await scriptOf("fish");
    if (process.platform !== "linux" && !hasShell("fish")) return;
    const complete = (line: string) =>
      execFileSync("fish", ["--no-config", "-c", `source ${path}; complete -C '${line}'`])
        .toString()
        .trim()
        .split("\n")
        .map(found => found.split("\t")[0]);
    expect(complete("skein st")).toEqual(["status"]);
    expect(complete("skein fetch --per-")).toEqual(["--per-domain", "--per-host"]);
    expect(complete("skein fetch --progress ")).toEqual(["json", "none", "plain", "tty"]);
  });

  test("zsh registers it", async () => {
    const path = await scriptOf("zsh");
    if (process.platform !== "linux" && !hasShell("zsh")) return;
    const run = `autoload -U compinit; compinit -D -u; source ${path}; print $_comps[skein]`;
    expect(execFileSync("zsh", ["-f", "-c", run]).toString()).toBe("_skein\n");
  });

  test("another shell is refused", async () => {
    const end = await runSkein(["completion", "powershell"]);
    expect(end).toMatchObject({ code: 2, stdout: "" });
    expect(end.stderr).toContain("Allowed choices are bash, zsh, fish.");
  });
});
