import { dirname } from "node:path";
import { ItemState, type OpenedJournal } from "../journal/journal-protocol.ts";
import { hasCustomRows, recordedKind } from "../semantics.ts";
import type { OutputKind } from "../sink/output-kind.ts";
import { shardPath } from "../sink/shards.ts";
import { fileLines } from "./file-lines.ts";
import { outputLines } from "./output-lines.ts";
import { outputParts, outputSize } from "./output-parts.ts";
import { type JobReport, readRecordedJob } from "./recorded-job.ts";
import { checkRow, endingOf } from "./row-check.ts";

/** Enough to see what happened; of the others, how many. */
const LISTED_PROBLEMS = 100;

/** Something that is not as the journal says. */
export interface JobProblem {
  readonly path: string;
  /** Of the file at `path`, from 1 on; undefined where it is about the whole file. */
  readonly line: number | undefined;
  /** A clause that follows "line 17 of out.jsonl", or the file's name: "is not a row". */
  readonly message: string;
}

/** What a journal, an output and the bodies beside it were found to be. */
export interface JobVerification {
  readonly report: JobReport;
  /** Rows of the output that were read. */
  readonly rows: number;
  /** Bodies whose length and SHA-256 were compared. */
  readonly bodies: number;
  readonly problemCount: number;
  /** The first 100. */
  readonly problems: readonly JobProblem[];
  /** Bytes behind what was committed, which a killed process left, and the next run cuts off. They are no problem. */
  readonly uncommittedBytes: number;
}

/**
 * Compares all that a job has written with its journal: each line of the output is a whole row, each body has the length
 * and the SHA-256 that its row says, and as many rows as items ended alike. Nothing is changed. While the job runs, that is of
 * what it has committed.
 *
 * @param output the job's output, or its journal
 * @throws JobError (rejects with) NO_JOURNAL, JOURNAL_CORRUPT
 * @example
 * const { problemCount, problems } = await verifyJob("results.jsonl");
 * if (problemCount > 0) console.error(problems[0]);
 */
export async function verifyJob(output: string): Promise<JobVerification> {
  const { report, known } = await readRecordedJob(output, { thoroughly: true });
  const check = new JobCheck(report.paths, known);
  await check.output();
  await check.rejects();
  const { rows, bodies, problems, problemCount, uncommittedBytes } = check;
  return { report, rows, bodies, problems, problemCount, uncommittedBytes };
}

class JobCheck {
  readonly problems: JobProblem[] = [];
  problemCount = 0;
  rows = 0;
  bodies = 0;
  uncommittedBytes = 0;
  readonly #paths: JobReport["paths"];
  readonly #known: OpenedJournal;
  readonly #kind: OutputKind;
  readonly #isCustom: boolean;

  constructor(paths: JobReport["paths"], known: OpenedJournal) {
    this.#paths = paths;
    this.#known = known;
    this.#kind = recordedKind(known.job!.semantics);
    this.#isCustom = hasCustomRows(known.job!.semantics);
  }

  async output(): Promise<void> {
    const output = this.#paths.rows;
    const { shards, output: size } = this.#known.sizes;
    if (shards !== undefined) this.#compareShards(shards);
    const length = this.#readable(output, size);
    const found = new Map<string, number>();
    for (const part of outputParts(output, length)) await this.#checkPart(part, found);
    if (this.#isCustom) this.#compareCount();
    else this.#compare(found);
  }

  async #checkPart(
    { path, length }: { path: string; length: number },
    found: Map<string, number>,
  ): Promise<void> {
    let number = 0;
    for await (const line of outputLines(this.#kind, { path, length, isWhole: true })) {
      this.rows += 1;
      number += 1;
      if (this.#isCustom) continue;
      const { problems, ending, hasBody } = await checkRow(line, dirname(path));
      for (const message of problems) this.#add({ path, line: number, message });
      if (hasBody) this.bodies += 1;
      if (ending !== undefined) found.set(ending, (found.get(ending) ?? 0) + 1);
    }
  }

  /** All but the last have just the size that the journal knows. */
  #compareShards(sizes: readonly number[]): void {
    sizes.slice(0, -1).forEach((size, index) => {
      const path = shardPath(this.#paths.rows, index + 1);
      const found = outputSize(path);
      if (found === size) return;
      const is = found === undefined ? "is gone" : `has ${found} bytes`;
      this.#add({ path, line: undefined, message: `${is}; the journal knows ${size} bytes` });
    });
  }

  /** Only counted: their text is whatever the list held. */
  async rejects(): Promise<void> {
    const { rejects } = this.#paths;
    const length = this.#readable(rejects, this.#known.sizes.rejects);
    let lines = 0;
    for await (const _line of fileLines(rejects, length)) lines += 1;
    const recorded = this.#known.rowCounts.filter(({ state }) => state === ItemState.rejected);
    const known = recorded.reduce((sum, { count }) => sum + count, 0);
    if (lines !== known)
      this.#add({
        path: rejects,
        line: undefined,
        message: `holds ${lines} lines; the journal knows ${known}`,
      });
  }

  /** How much of a file counts and is there. */
  #readable(path: string, size: number): number {
    const found = outputSize(path);
    if ((found ?? 0) < size) {
      const is = found === undefined ? "is gone" : `has ${found} bytes`;
      this.#add({ path, line: undefined, message: `${is}; the journal knows ${size} bytes` });
      return found ?? 0;
    }
    this.uncommittedBytes += (found ?? 0) - size;
    return size;
  }

  /** Of rows that are a program's own, only their number can be compared. */
  #compareCount(): void {
    const ended = this.#known.rowCounts.filter(
      ({ state }) => state !== ItemState.sent && state !== ItemState.rejected,
    );
    const items = ended.reduce((sum, { count }) => sum + count, 0);
    if (items === this.rows) return;
    const message = `holds ${this.rows} rows; the journal knows ${items}`;
    this.#add({ path: this.#paths.rows, line: undefined, message });
  }

  /** As many rows as items, of each way to end. */
  #compare(found: ReadonlyMap<string, number>): void {
    if (this.#kind.format === "none") return;
    const known = new Map<string, number>();
    for (const { state, status, error, count } of this.#known.rowCounts) {
      if (state === ItemState.sent || state === ItemState.rejected) continue;
      known.set(endingOf(state, status, error), count);
    }
    for (const ending of new Set([...known.keys(), ...found.keys()])) {
      const rows = found.get(ending) ?? 0;
      const items = known.get(ending) ?? 0;
      if (rows === items) continue;
      const message = `holds ${rows} rows that ended alike (${ending}); the journal knows ${items}`;
      this.#add({ path: this.#paths.rows, line: undefined, message });
    }
  }

  #add(problem: JobProblem): void {
    this.problemCount += 1;
    if (this.problems.length < LISTED_PROBLEMS) this.problems.push(problem);
  }
}
