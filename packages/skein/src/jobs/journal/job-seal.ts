// SQLite has a checksum for what stands in its log, and none for what stands in the database. Most of what a damaged byte there
// can do shows: in the structure, or since lines are compared with the list. What the one row of `job` says (how far the list
// was read, how much of the output counts, whether all has ended) is believed: so each transaction seals it.

import { hash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

/** Seals what the job says now; within the transaction of its caller. */
export function sealJob(database: DatabaseSync): void {
  const { seal: _, ...job } = database.prepare("SELECT * FROM job").get() ?? {};
  database.prepare("UPDATE job SET seal = ?").run(sealOf(job));
}

/** Whether the job says what it said when it was sealed; one that never was is believed. */
export function isSealIntact(database: DatabaseSync): boolean {
  const { seal = null, ...job } = database.prepare("SELECT * FROM job").get() ?? {};
  return seal === null || seal === sealOf(job);
}

/** With the names of the columns: they may be damaged too. */
function sealOf(job: object): string {
  return hash("sha256", JSON.stringify(job));
}
