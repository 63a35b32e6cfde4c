import type { ItemState, JobState } from "../protocol.ts";

/** A shape for each state: colour is never the only sign. */
const MARKS: Readonly<Record<ItemState | JobState | "waiting", { shape: string; tone: string }>> = {
  succeeded: { shape: "✓", tone: "good" },
  failed: { shape: "✕", tone: "bad" },
  unknown: { shape: "?", tone: "warn" },
  rejected: { shape: "⊘", tone: "mute" },
  waiting: { shape: "◷", tone: "warn" },
  running: { shape: "▶", tone: "accent" },
  paused: { shape: "⏸", tone: "warn" },
  stopping: { shape: "◐", tone: "warn" },
  complete: { shape: "✓", tone: "good" },
  stopped: { shape: "■", tone: "mute" },
};

export function StateMark({ state }: { readonly state: ItemState | JobState | "waiting" }) {
  const { shape, tone } = MARKS[state];
  return (
    <span class={`mark tone-${tone}`}>
      <span aria-hidden="true" class="shape">
        {shape}
      </span>
      {state}
    </span>
  );
}
