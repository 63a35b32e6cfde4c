import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, onTestFinished, test } from "@skein/testkit";
import { isLocked } from "./file-errors.ts";
import { isHeld, JournalLock } from "./journal-lock.ts";

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "skein-lock-"));
  path = join(directory, "lock");
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function refusal(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("it was not refused");
}

test("there is one holder, also within a thread; and nothing is left of it", () => {
  const lock = JournalLock.take(path);
  expect(isHeld(path)).toBe(true);
  expect(isLocked(refusal(() => JournalLock.take(path)))).toBe(true);
  // Those who were refused have closed their files, and that must not have given it back.
  expect(isHeld(path)).toBe(true);
  expect(readdirSync(directory)).toEqual(["lock"]);
  lock.release();
  expect(existsSync(path)).toBe(false);
  expect(isHeld(path)).toBe(false);
});

test("what a process that was killed has left is no lock", () => {
  new DatabaseSync(path).close();
  expect(existsSync(path)).toBe(true);
  expect(isHeld(path)).toBe(false);
  const lock = JournalLock.take(path);
  expect(isHeld(path)).toBe(true);
  lock.release();
});

test("processes that take turns never have it both", async () => {
  const module = new URL("./journal-lock.ts", import.meta.url).href;
  const script = `
    import { closeSync, openSync, rmSync } from "node:fs";
    import { JournalLock } from ${JSON.stringify(module)};
    const [path, mark] = ${JSON.stringify([path, join(directory, "held")])};
    let taken = 0;
    while (taken < 100) {
      let lock;
      try {
        lock = JournalLock.take(path);
      } catch (error) {
        if (error.errcode === 5) continue;
        throw error;
      }
      closeSync(openSync(mark, "wx"));
      rmSync(mark);
      lock.release();
      taken += 1;
    }`;
  const holders = Array.from({ length: 3 }, () => ended(script));
  expect(await Promise.all(holders)).toEqual([0, 0, 0]);
  expect(readdirSync(directory)).toEqual([]);
});

function ended(script: string): Promise<number | null> {
  const child = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", script], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return new Promise(resolve => child.once("close", resolve));
}
