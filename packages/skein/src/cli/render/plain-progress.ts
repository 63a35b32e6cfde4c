import { heldText } from "./held-back.ts";
import { doneText, errorTexts, etaText, speedTexts, stateTexts } from "./progress-line.ts";
import type { ProgressView } from "./progress-view.ts";

/** How often a line is written where nobody watches: a log of an hour then has 720 of them. */
export const PLAIN_INTERVAL = 5_000;

/** The state of a job on one line, for logs and pipes. */
export function renderPlain(view: ProgressView): string {
  const parts = [doneText(view), ...stateTexts(view), ...speedTexts(view), etaText(view)];
  const [slowest] = view.held;
  if (slowest !== undefined) parts.push(`slowed: ${heldText(slowest)}`);
  const [worst] = errorTexts(view);
  if (worst !== undefined) parts.push(`most: ${worst}`);
  return parts.join(", ");
}
