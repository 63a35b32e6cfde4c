import { parseDuration } from "../core/duration.ts";
import { InvalidOption } from "../core/errors.ts";

/**
 * How many a time: `"100/s"`, `"6000/min"`, `"5/2s"`, or an object. Without `burst` no window of the period, wherever it
 * is laid, holds more than `count`; with it, as many as `burst` may go out at once after a pause, and a window holds at
 * most `count + burst - 1`.
 */
export type Rate =
  | string
  | {
      readonly count: number;
      /** The period: a duration such as `"1s"`, or milliseconds. */
      readonly per: string | number;
      readonly burst?: number;
    };

/** A rate, checked; `per` in milliseconds. */
export interface NormalizedRate {
  readonly count: number;
  readonly per: number;
  readonly burst: number | undefined;
}

export function isSameRate(a: NormalizedRate | undefined, b: NormalizedRate | undefined): boolean {
  return a?.count === b?.count && a?.per === b?.per && a?.burst === b?.burst;
}

const NOTATION = /^\s*(\d+(?:\.\d+)?)\s*\/\s*(\d[\d.]*)?\s*(ms|s|min|m|h|d)\s*$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** @throws InvalidOption naming the option */
export function parseRate(given: Rate, name: string): NormalizedRate {
  const { count, per, burst } =
    typeof given === "string" ? fromNotation(given, name) : fromObject(given, name);
  if (!isPositive(count)) throw new InvalidOption(`${name}: expected a count above 0; got ${count}`);
  if (!isPositive(per)) throw new InvalidOption(`${name}: expected a period above 0; got ${per}`);
  if (burst !== undefined && !(Number.isInteger(burst) && burst >= 1))
    throw new InvalidOption(`${name}: expected a burst of 1 or more; got ${burst}`);
  // "0.5/s" is one in two seconds, "2.5/s" one in 400 ms.
  return Number.isInteger(count) ? { count, per, burst } : { count: 1, per: per / count, burst };
}

function fromNotation(text: string, name: string): NormalizedRate {
  const [, count, periods, unit] = NOTATION.exec(text) ?? [];
  if (unit === undefined)
    throw new InvalidOption(`${name}: expected a rate such as "100/s", "6000/min" or "5/2s"; got "${text}"`);
  return { count: Number(count), per: Number(periods ?? 1) * UNIT_MS[unit]!, burst: undefined };
}

function fromObject(given: Exclude<Rate, string>, name: string): NormalizedRate {
  if (typeof given !== "object" || given === null)
    throw new InvalidOption(`${name}: expected a rate such as "100/s"; got ${String(given)}`);
  return { count: given.count, per: parseDuration(given.per, `${name}.per`), burst: given.burst };
}

function isPositive(value: unknown): boolean {
  return typeof value === "number" && value > 0 && Number.isFinite(value);
}
