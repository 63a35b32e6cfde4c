import { formatBytes } from "./format-bytes.ts";
import { formatDuration } from "./format-duration.ts";
import { formatCount, formatPercent, formatRate } from "./format-number.ts";
import type { ProgressView } from "./progress-view.ts";

/** `12,345/20,000 (61.7%)`, or only what is done while the total is unknown. */
export function doneText(view: ProgressView): string {
  if (view.total === undefined) return `${formatCount(view.done)} done`;
  return `${formatCount(view.done)}/${formatCount(view.total)} (${formatPercent(view.done, view.total)})`;
}

export function etaText(view: ProgressView): string {
  if (view.draining) return "stopping";
  if (view.eta === undefined) return "ETA –";
  // Tenths would promise more than an estimate can hold.
  const seconds = Math.ceil(view.eta / 1_000);
  return `ETA ${seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1_000)}`;
}

export function stateTexts(view: ProgressView): string[] {
  const texts = [`${formatCount(view.succeeded)} ok`, `${formatCount(view.failed)} failed`];
  if (view.rejected > 0) texts.push(`${formatCount(view.rejected)} rejected`);
  texts.push(`${formatCount(view.waiting)} waiting`, `${formatCount(view.inFlight)} in flight`);
  return texts;
}

export function speedTexts(view: ProgressView): string[] {
  const texts = [`${formatRate(view.requestsPerSecond)} req/s`, `${formatBytes(view.bytesPerSecond)}/s`];
  if (view.p50 !== undefined) texts.push(`p50 ${formatDuration(view.p50)}`);
  if (view.p95 !== undefined) texts.push(`p95 ${formatDuration(view.p95)}`);
  return texts;
}

/** `404 Not Found ×120`, the most frequent first. */
export function errorTexts(view: ProgressView): string[] {
  return view.topErrors.map(error => `${error.what} ×${formatCount(error.count)}`);
}
