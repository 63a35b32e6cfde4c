import { execFile } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll } from "@skein/testkit";

const run = promisify(execFile);
export const ROOT = resolve(import.meta.dirname, "../../../..");
const PACKAGE = join(ROOT, "packages/skein");

/** The package as users get it, and a project that has installed it. */
export interface Packed {
  readonly tarball: Uint8Array;
  /** Paths in the tarball. */
  readonly files: readonly string[];
  readonly installed: string;
  /** An empty project beside the package: its folder, with the files written into it. */
  project(files: Readonly<Record<string, string>>): string;
}

/**
 * Builds and packs the package, and installs it from the tarball. Its two dependencies come from npm's cache, where the
 * workspace's own installation has left them, or else from the registry. All is gone when the file's tests have run.
 */
export async function packAndInstall(): Promise<Packed> {
  const folder = mkdtempSync(join(tmpdir(), "skein-packed-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const path = await pack(folder);
  const { stdout } = await run("tar", ["-tzf", path]);
  writeFileSync(join(folder, "package.json"), '{ "name": "user", "private": true }');
  await npm(folder, ["install", path, "--prefer-offline", "--ignore-scripts"]);
  let projects = 0;
  return {
    tarball: readFileSync(path),
    files: stdout.trim().split("\n").sort(),
    installed: join(folder, "node_modules/skein"),
    project(files) {
      projects += 1;
      // Below the folder where it is installed: Node, TypeScript and Vite all look there.
      const project = join(folder, `project-${projects}`);
      mkdirSync(project);
      const all = { "package.json": '{ "name": "project", "private": true, "type": "module" }', ...files };
      for (const [name, text] of Object.entries(all)) writeFileSync(join(project, name), text);
      return project;
    },
  };
}

/** Not in its own folder: `dist` there may be in use. */
async function pack(folder: string): Promise<string> {
  const copy = join(folder, "skein");
  cpSync(join(PACKAGE, "bin"), join(copy, "bin"), { recursive: true });
  for (const name of ["package.json", "LICENSE"]) copyFileSync(join(PACKAGE, name), join(copy, name));
  copyFileSync(join(ROOT, "README.md"), join(copy, "README.md"));
  await run("tsdown", ["--out-dir", join(copy, "dist"), "--log-level", "error"], { cwd: PACKAGE, env: ENV });
  const page = ["build", "--outDir", join(copy, "dist/dashboard"), "--logLevel", "error"];
  await run("vite", page, { cwd: join(ROOT, "packages/dashboard"), env: ENV });
  const { stdout } = await npm(copy, ["pack", "--ignore-scripts", "--json", "--pack-destination", folder]);
  const [packed] = JSON.parse(stdout) as { filename: string }[];
  return join(folder, packed!.filename);
}

/** What `npm test` says of itself to its children is not meant for an npm in another folder. */
const INHERITED = Object.entries(process.env).filter(
  ([name]) => !/^npm_(package|lifecycle|config_(local_prefix|workspace|include))/.test(name),
);

/** This Node first, for programs that begin with `env node`. */
const ENV = {
  ...Object.fromEntries(INHERITED),
  PATH: [dirname(process.execPath), join(ROOT, "node_modules/.bin"), process.env.PATH].join(delimiter),
};

function npm(cwd: string, args: readonly string[]): Promise<{ stdout: string }> {
  return run("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], { cwd, env: ENV });
}

/** Runs a program in a project, and returns what it printed. It has to succeed, and to say nothing on standard error. */
export async function printedBy(cwd: string, command: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(command, args, { cwd, env: ENV });
  return stdout + stderr;
}
