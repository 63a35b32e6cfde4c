import { expect, test } from "@skein/testkit";
import { exitCodeOfSummary } from "./job-exit.ts";

const all = { ended: "complete", done: 5, succeeded: 5, rejected: 0 } as const;

test.each([
  [all, false, 0],
  [{ ...all, succeeded: 4 }, false, 1],
  [{ ...all, rejected: 1 }, false, 1],
  [{ ...all, ended: "drained" }, true, 130],
  [{ ...all, ended: "aborted" }, true, 130],
  [{ ...all, ended: "aborted" }, false, 7],
  // Asked to stop when nothing was left to do: then it is simply done.
  [all, true, 0],
] as const)("%j, interrupted %s: %d", (summary, interrupted, code) => {
  expect(exitCodeOfSummary(summary, interrupted)).toBe(code);
});
