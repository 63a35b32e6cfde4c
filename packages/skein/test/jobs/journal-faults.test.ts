// The journal's protocol, with a failure at each of its steps: whatever fails, and whenever, what is recorded in the end
// is every item once, in the journal as in the output.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@skein/testkit";
import { ItemState } from "../../src/jobs/journal/journal-protocol.ts";
import { JournalWriter } from "../../src/jobs/journal/journal-writer.ts";
import { type Fault, FaultyParts } from "./faulty-parts.ts";
import { expectWhole, hasChanged, isReject, pathsIn, retry, run } from "./scripted-journal.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "skein-journal-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Lets every step fail once, each in a folder of its own, until a run has fewer steps than that. */
function withEachFault(when: Fault["when"], attempt: (folder: string, parts: FaultyParts) => void): number {
  for (let step = 1; ; step++) {
    const folder = mkdtempSync(join(directory, `${step}-`));
    const parts = new FaultyParts({ step, when });
    attempt(folder, parts);
    if (!parts.hasFailed) return step - 1;
  }
}

function isComplete(folder: string): boolean {
  const writer = new JournalWriter(pathsIn(folder));
  try {
    return writer.open({ fresh: false }).complete;
  } finally {
    writer.close();
  }
}

function expectFailure(act: () => void, parts: FaultyParts): void {
  try {
    act();
    expect(parts.hasFailed).toBe(false);
  } catch (error) {
    expect(parts.hasFailed).toBe(true);
    expect(error).toMatchObject({ name: "JobError", code: "DISK_FULL", resumable: true });
  }
}

describe.each(["before", "half", "after"] as const)(
  "a failure at each step, %s its effect",
  { timeout: 60_000 },
  when => {
    test("loses nothing and doubles nothing", () => {
      const steps = withEachFault(when, (folder, parts) => {
        expectFailure(() => run(folder, { parts }), parts);
        run(folder);
        expectWhole(folder);
      });
      expect(steps).toBeGreaterThan(40);
    });

    test("and another in the run that resumes", () => {
      withEachFault(when, (folder, parts) => {
        const first = new FaultyParts({ step: 25, when });
        expect(() => run(folder, { parts: first })).toThrow("disk is full");
        expectFailure(() => run(folder, { parts }), parts);
        run(folder);
        expectWhole(folder);
      });
    });

    test("while failed items are taken out of the output, to be run again", () => {
      const failing = (line: number) => line % 3 === 0;
      const steps = withEachFault(when, (folder, parts) => {
        run(folder, { failing });
        expectWhole(folder, line => failing(line) && !isReject(line));
        expectFailure(() => run(folder, { parts, retryFailed: true }), parts);
        // The next run need not ask for it again, but may: what was begun goes on, what was not is as before.
        run(folder, { retryFailed: true });
        expectWhole(folder);
      });
      expect(steps).toBeGreaterThan(15);
    });

    test("while items that ended in one way are made pending without a run", () => {
      const failing = (line: number) => line % 3 === 0;
      const chosen = [{ state: ItemState.failed, status: 200, error: "E" }];
      const others = [{ state: ItemState.failed, status: null, error: "E" }];
      const steps = withEachFault(when, (folder, parts) => {
        run(folder, { failing });
        expectFailure(() => retry(folder, chosen, parts), parts);
        // What was begun goes on, what was not is as before; nothing else has left.
        expect(retry(folder, others)).toBe(0);
        expect([0, 6]).toContain(retry(folder, chosen));
        run(folder);
        expectWhole(folder);
      });
      expect(steps).toBeGreaterThan(10);
    });

    test("while all items are asked for again", () => {
      const failing = (line: number) => line % 3 === 0;
      const steps = withEachFault(when, (folder, parts) => {
        run(folder, { failing });
        expectFailure(() => run(folder, { parts, refresh: true }), parts);
        // Not yet begun, it begins now; else it goes on, or has ended.
        if (isComplete(folder) && !readFileSync(pathsIn(folder).output, "utf8").includes("isNew"))
          run(folder, { refresh: true });
        else run(folder);
        expectWhole(folder, line => failing(line) && !isReject(line) && !hasChanged(line), hasChanged);
        run(folder, { refresh: true });
        expectWhole(folder, line => failing(line) && !isReject(line) && !hasChanged(line), hasChanged);
      });
      expect(steps).toBeGreaterThan(30);
    });

    test("while a job is begun anew over an old one", () => {
      withEachFault(when, (folder, parts) => {
        run(folder, { failing: () => true });
        expectFailure(() => run(folder, { parts, fresh: true }), parts);
        // The old job is still there, or the new one has begun: whole, either way.
        run(folder);
        const isOld = readFileSync(pathsIn(folder).output, "utf8").includes("failed");
        expectWhole(folder, () => isOld);
        run(folder, { fresh: true });
        expectWhole(folder);
      });
    });
  },
);
