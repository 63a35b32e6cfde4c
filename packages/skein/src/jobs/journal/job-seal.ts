// SQLite has a checksum for what stands in its log, and none for what stands in the database. Most of what a damaged byte there
// can do shows: in the structure, or since lines are compared with the list. What the one row of `job` says (how far the list
// was read, how much of the output counts, whether all has ended) is believed: so each transaction seals it.

import { hash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

/** No error has this code: so the seal has a place beside the samples, in journals of every version. */
export const SEAL_CODE = "";

const SEAL = `
  INSERT INTO error_samples (code, message) VALUES ('${SEAL_CODE}', ?)
  ON CONFLICT (code) DO UPDATE SET message = excluded.message`;

/** In one statement: another process may be writing. */
const SEALED_JOB = `
  SELECT job.*, (SELECT message FROM error_samples WHERE code = '${SEAL_CODE}') AS seal FROM job`;

/** Seals what the job says now; within the transaction of its caller. */
export function sealJob(database: DatabaseSync): void {
  const job = database.prepare("SELECT * FROM job").get();
  if (job !== undefined) database.prepare(SEAL).run(sealOf(job));
}

/** Whether the job says what it said when it was sealed; one that never was is believed. */
export function isSealIntact(database: DatabaseSync): boolean {
  const { seal = null, ...job } = database.prepare(SEALED_JOB).get() ?? {};
  return seal === null || seal === sealOf(job);
}

/** With the names of the columns: they may be damaged too. */
function sealOf(job: object): string {
  return hash("sha256", JSON.stringify(job));
}
