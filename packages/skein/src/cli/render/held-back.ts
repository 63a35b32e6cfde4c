import type { BatchProgress, WaitReason } from "../../entry/node.ts";
import { formatDuration } from "./format-duration.ts";

/** As many as are told: one that fails is rarely alone. */
const MOST_TOLD = 3;
/** Shorter ones come and go before they can be read. */
const SHORTEST_TOLD_MS = 1_000;

/** An origin that is sent nothing at this moment, because it asked for that or fails. */
export interface HeldOrigin {
  readonly origin: string;
  readonly waitsFor: WaitReason;
  /** For so many milliseconds; undefined where nobody knows. */
  readonly waitMs: number | undefined;
  /** Items known to go there. */
  readonly open: number;
}

/** What slows a job: origins that are left alone, the longest first. Those that somebody has paused do not. */
export function heldOrigins(progress: BatchProgress | undefined): HeldOrigin[] {
  const held = (progress?.origins ?? []).flatMap(({ origin, waitsFor, waitMs, open }) => {
    const isShort = waitMs !== undefined && waitMs < SHORTEST_TOLD_MS;
    return waitsFor === undefined || waitsFor === "paused" || isShort
      ? []
      : [{ origin, waitsFor, waitMs, open }];
  });
  return held.sort((a, b) => (b.waitMs ?? 0) - (a.waitMs ?? 0)).slice(0, MOST_TOLD);
}

/** What people are told instead of the name of the reason. */
const WORDS: Partial<Record<WaitReason, string>> = {
  "origin cooling": "asked to wait",
  "circuit open": "failing, left alone",
  budget: "failing, few retries left",
};

/** `api.example: asked to wait, 58 s more`. */
export function heldText({ origin, waitsFor, waitMs }: HeldOrigin): string {
  const host = origin.replace(/^https?:\/\//, "");
  // Tenths of a second would flicker.
  const rest = waitMs === undefined ? "" : `, ${formatDuration(Math.ceil(waitMs / 1_000) * 1_000)} more`;
  return `${host}: ${WORDS[waitsFor] ?? waitsFor}${rest}`;
}
