import type { JobFacts, JobState, Snapshot } from "../protocol.ts";
import { count, dateTime, duration, share } from "./format.ts";
import { isOver } from "./is-over.ts";
import { StateMark } from "./state-mark.tsx";
import type { Theme } from "./theme.ts";

interface HeaderProps {
  readonly facts: JobFacts;
  readonly snapshot: Snapshot | undefined;
  /** When the report was made; undefined where it is none. */
  readonly madeAt: number | undefined;
  readonly theme: Theme;
  readonly nextTheme: () => void;
  readonly help: () => void;
}

/** What job it is, how it stands, and how far it has come. */
export function Header({ facts, snapshot, madeAt, theme, nextTheme, help }: HeaderProps) {
  return (
    <header class="top">
      <div class="title">
        <h1>
          <span class="word">skein</span> {madeAt === undefined ? "" : "report"}
          <span class="paths" title={`${facts.source} → ${facts.output}`}>
            {facts.source} → {facts.output}
          </span>
        </h1>
        <StateMark state={snapshot?.state ?? facts.state} />
        <div class="corner">
          <button type="button" onClick={nextTheme} title="Change the theme (t)">
            Theme: {theme}
          </button>
          <button type="button" onClick={help} title="Keys, and what is shown (?)">
            Help
          </button>
        </div>
      </div>
      <p class="facts">
        <span>{facts.request.method}</span>
        <span>begun {dateTime(facts.startedAt)}</span>
        {snapshot?.elapsedMs != null && <span>{elapsed(snapshot.state, snapshot.elapsedMs)}</span>}
        {madeAt !== undefined && <span>report of {dateTime(madeAt)}</span>}
        {snapshot?.etaMs != null && <span>about {duration(snapshot.etaMs)} left</span>}
        {snapshot?.failure != null && <strong class="tone-bad">{snapshot.failure}</strong>}
      </p>
      {snapshot !== undefined && <Progress snapshot={snapshot} />}
    </header>
  );
}

function elapsed(state: JobState, ms: number): string {
  return isOver(state) ? `took ${duration(ms)}` : `${duration(ms)} so far`;
}

function Progress({ snapshot: { counts } }: { readonly snapshot: Snapshot }) {
  const known = counts.total ?? counts.done + counts.pending + counts.running + counts.waiting;
  const parts = [
    { name: "succeeded", count: counts.succeeded },
    { name: "failed", count: counts.failed },
    { name: "unknown", count: counts.unknown },
    { name: "running", count: counts.running },
    { name: "waiting", count: counts.waiting },
  ].filter(part => part.count > 0);
  const width = (part: number) => `${(100 * part) / Math.max(1, known)}%`;
  return (
    <div class="progress">
      <div
        class="bar"
        role="progressbar"
        aria-label="Items that have ended"
        aria-valuemin={0}
        aria-valuemax={known}
        aria-valuenow={counts.done}
      >
        {parts.map(part => (
          <span key={part.name} class={`fill ${part.name}`} style={{ width: width(part.count) }} />
        ))}
      </div>
      <ul class="legend">
        <li>
          <strong>{count(counts.done)}</strong> of{" "}
          {counts.total === null ? "an unknown number" : count(counts.total)} done{" "}
          {counts.total !== null && `(${share(counts.done, counts.total)})`}
        </li>
        {parts.map(part => (
          <li key={part.name}>
            <span class={`swatch ${part.name}`} aria-hidden="true" />
            <strong data-count={part.name}>{count(part.count)}</strong> {part.name}
          </li>
        ))}
        {counts.rejected > 0 && (
          <li>
            <strong data-count="rejected">{count(counts.rejected)}</strong>{" "}
            {counts.rejected === 1 ? "line" : "lines"} rejected
          </li>
        )}
        {counts.doneBefore > 0 && <li>{count(counts.doneBefore)} done by earlier runs</li>}
      </ul>
    </div>
  );
}
