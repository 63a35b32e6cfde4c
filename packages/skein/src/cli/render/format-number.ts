const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `12,345`. */
export function formatCount(value: number): string {
  return grouped.format(value);
}

/** A rate: three figures are enough below a hundred, none behind the point above. */
export function formatRate(value: number): string {
  return value > 0 && value < 100 ? String(Number(value.toPrecision(2))) : formatCount(value);
}

/** `61.7%`; never `100%` before all is done, nor `0.0%` once something is. */
export function formatPercent(part: number, whole: number): string {
  if (whole <= 0 || part >= whole) return "100%";
  const tenths = Math.floor((part / whole) * 1000);
  return `${(Math.max(tenths, part > 0 ? 1 : 0) / 10).toFixed(1)}%`;
}
