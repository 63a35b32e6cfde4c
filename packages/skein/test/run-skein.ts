import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "@skein/testkit";

/** The program's source, which Node runs as it is. */
export const SKEIN_MAIN = join(import.meta.dirname, "../src/cli/main.ts");

/** How the program ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Record<string, string>;
}

/** The program while it runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when standard error has matched; rejects when the program ended before. */
  said(pattern: RegExp): Promise<void>;
}

/** Starts the real program, from its sources. It does not outlive the test. */
export function startSkein(args: readonly string[], options: RunOptions = {}): Running {
  const child = spawn(process.execPath, [SKEIN_MAIN, ...args], {
    cwd: options.cwd ?? tmpdir(),
    // As if started by hand: under `npx vitest`, what is printed would begin with `npx`.
    env: { ...process.env, FORCE_COLOR: undefined, npm_command: undefined, ...options.env },
    stdio: "pipe",
  });
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("latin1").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  child.stdin.on("error", () => undefined).end(options.input ?? "");
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, ...output }));
  });
  const said = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (pattern.test(output.stderr)) resolve();
      };
      child.stderr.on("data", look);
      look();
      ended.then(
        end => reject(new Error(`ended with ${end.code} before ${pattern}:\n${end.stderr}`)),
        reject,
      );
    });
  return { child, ended, said };
}

/** Runs the real program to its end. */
export function runSkein(args: readonly string[], options?: RunOptions): Promise<Ended> {
  return startSkein(args, options).ended;
}

/** A directory that is gone after the test. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "skein-cli-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A line of an output, as far as tests look at it. */
export interface Row {
  readonly id: number | string;
  readonly url: string;
  readonly state: string;
  readonly status: number | null;
  readonly attempts: number;
  readonly sha256: string | null;
  readonly body?: string;
  readonly path?: string;
  readonly error?: { readonly code: string; readonly message: string };
  readonly meta?: unknown;
}

/** The rows of an output; a line that is not whole throws. */
export function readRows(path: string): Row[] {
  const text = readFileSync(path, "utf8");
  if (text !== "" && !text.endsWith("\n")) throw new Error(`${path} ends in the middle of a line`);
  return text
    .split("\n")
    .filter(line => line !== "")
    .map(line => JSON.parse(line) as Row);
}
