import { expect, test } from "@skein/testkit";
import type { TaskState } from "./task.ts";
import { checkTransition } from "./task-state.ts";

const ALL: TaskState[] = ["pending", "running", "waiting", "succeeded", "failed", "cancelled"];
const LEGAL = new Set(
  [
    "pending→running pending→succeeded pending→failed pending→cancelled",
    "running→waiting running→succeeded running→failed running→cancelled",
    "waiting→pending waiting→succeeded waiting→failed waiting→cancelled",
  ].flatMap(row => row.split(" ")),
);

test.each(ALL.flatMap(from => ALL.map(to => [from, to] as const)))("%s → %s", (from, to) => {
  const go = () => checkTransition(from, to);
  if (LEGAL.has(`${from}→${to}`)) expect(go).not.toThrow();
  else expect(go).toThrow(`a task can't go from ${from} to ${to}`);
});
