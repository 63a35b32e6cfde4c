import type { Progress } from "../../entry/node.ts";
import { formatBytes } from "./format-bytes.ts";
import { formatDuration } from "./format-duration.ts";
import { formatPercent } from "./format-number.ts";

/** One line: how much of a file is there, how fast it comes, and how long it will take. */
export function renderDownload({ bytes, total, rate }: Progress): string {
  const speed = `${formatBytes(rate)}/s`;
  if (total === undefined) return `${formatBytes(bytes)}, ${speed}`;
  const left = rate > 0 ? `, ETA ${formatDuration(Math.ceil((total - bytes) / rate) * 1_000)}` : "";
  return `${formatBytes(bytes)} of ${formatBytes(total)} (${formatPercent(bytes, total)}), ${speed}${left}`;
}
