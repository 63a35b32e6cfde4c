import { expected } from "../exit-code.ts";

export interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

/** A whole number within a range. */
export function parseInteger(flag: string, text: string, range: IntegerRange): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.min && value <= range.max) return value;
  throw expected(flag, `a whole number from ${range.min} to ${range.max}`, text);
}
