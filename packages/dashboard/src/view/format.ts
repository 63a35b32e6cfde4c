const COUNT = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const SMALL = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const UNITS = ["B", "kB", "MB", "GB", "TB"];
/** Stands where nothing is known. */
export const UNKNOWN = "–";

export function count(value: number | null): string {
  return value === null ? UNKNOWN : COUNT.format(value);
}

/** Items that answers led to are numbered from here on, and called +0, +1 … */
const FIRST_ADDED = 2 ** 40;

/** A line of the list, or the number of an item that was added. */
export function lineName(line: number): string {
  return line < FIRST_ADDED ? count(line) : `+${count(line - FIRST_ADDED)}`;
}

/** With few digits: `0.42`, `12.3`, `1,240`. */
export function rate(value: number | null): string {
  if (value === null) return UNKNOWN;
  return value >= 100 ? COUNT.format(value) : SMALL.format(value);
}

export function bytes(value: number | null): string {
  if (value === null) return UNKNOWN;
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return `${SMALL.format(value / 1_000 ** power)} ${UNITS[power]}`;
}

/** `87 ms`, `1.24 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(ms: number | null): string {
  if (ms === null) return UNKNOWN;
  if (ms < 10) return `${SMALL.format(ms)} ms`;
  if (ms < 1_000) return `${COUNT.format(ms)} ms`;
  if (ms < 60_000) return `${SMALL.format(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return two(Math.floor(seconds / 60), "min", [seconds % 60, "s"]);
  const minutes = Math.round(seconds / 60);
  if (minutes < 2_880) return two(Math.floor(minutes / 60), "h", [minutes % 60, "min"]);
  return two(Math.floor(minutes / 1_440), "d", [Math.round((minutes % 1_440) / 60), "h"]);
}

function two(large: number, unit: string, [small, smallUnit]: [number, string]): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

export function share(part: number, whole: number): string {
  if (whole === 0) return "0 %";
  const percent = (100 * part) / whole;
  if (part === 0 || part === whole) return `${percent} %`;
  if (percent < 0.1) return "< 0.1 %";
  return percent > 99.9 ? "> 99.9 %" : `${SMALL.format(percent)} %`;
}

export function time(at: number | null): string {
  if (at === null) return UNKNOWN;
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function dateTime(at: number | null): string {
  if (at === null) return UNKNOWN;
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time(at)}`;
}
