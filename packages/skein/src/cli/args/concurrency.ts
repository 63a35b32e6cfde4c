import { expected } from "../exit-code.ts";
import type { IntegerRange } from "./integer.ts";
import { parseInteger } from "./integer.ts";

/** How many at once: a number, or found out. */
export type Concurrency = number | "auto";

/** With "auto" no more than this; fewer where the process may not open as many files. */
const AUTO_MOST = 2_048;

export function parseConcurrency(flag: string, text: string, range: IntegerRange): Concurrency {
  if (text === "auto") return text;
  if (/^\d+$/.test(text)) return parseInteger(flag, text, range);
  throw expected(flag, `a whole number from ${range.min} to ${range.max}, or auto`, text);
}

/** The most that there can be. */
export function mostOf(concurrency: Concurrency): number {
  return concurrency === "auto" ? AUTO_MOST : concurrency;
}
