// To be loaded before a program (node --import): its journal's thread ends the process by SIGKILL right before, or right after, a call
// that changes something on the disk. SKEIN_KILL_AT is "7 before", "7 after".

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync } from "node:sqlite";
import { isMainThread } from "node:worker_threads";

const [number, when] = (process.env.SKEIN_KILL_AT ?? "").split(" ");
const NAMES = [
  "openSync",
  "writeSync",
  "fdatasyncSync",
  "fsyncSync",
  "ftruncateSync",
  "renameSync",
  "rmSync",
  "closeSync",
] as const;
let calls = 0;

function counted<A extends unknown[], R>(call: (...args: A) => R): (...args: A) => R {
  return function (this: unknown, ...args: A): R {
    calls++;
    const isIt = calls === Number(number);
    if (isIt && when === "before") process.kill(process.pid, "SIGKILL");
    const result = call.apply(this, args);
    if (isIt) process.kill(process.pid, "SIGKILL");
    return result;
  };
}

if (!isMainThread) {
  for (const name of NAMES) Object.assign(fs, { [name]: counted(fs[name] as () => unknown) });
  syncBuiltinESMExports();
  // A transaction, and what makes one file of journal and log.
  DatabaseSync.prototype.exec = counted(DatabaseSync.prototype.exec);
}
