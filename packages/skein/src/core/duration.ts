import { InvalidOption } from "./errors.ts";

/** Milliseconds, or a string with its unit: `250`, `"250ms"`, `"10s"`, `"2m"`, `"1h"`. */
export type Duration = number | `${number}ms` | `${number}s` | `${number}m` | `${number}h`;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

/**
 * A duration in milliseconds.
 *
 * @param value milliseconds, or a string such as `"10s"`
 * @param name the option that it was given for, named in the error
 * @throws InvalidOption when it is negative, not finite, or a string in another form
 */
export function parseDuration(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  if (typeof value === "string") {
    const match = PATTERN.exec(value.trim());
    if (match) return Number(match[1]) * UNITS[match[2] as string]!;
  }
  const given = typeof value === "string" ? JSON.stringify(value) : String(value);
  throw new InvalidOption(
    `${name}: expected milliseconds, or a duration such as "250ms", "10s" or "2m"; got ${given}`,
  );
}

/** A duration as people read it: `40 ms`, `1.2 s`, `3 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1).replace(/\.0$/, "")} s`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.round((ms - minutes * 60_000) / 1_000);
  return seconds === 0 ? `${minutes} min` : `${minutes} min ${seconds} s`;
}
