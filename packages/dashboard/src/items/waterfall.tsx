import type { ItemDetail, Try } from "../protocol.ts";
import { bytes, duration } from "../view/format.ts";
import { type Bar, barsOf } from "./bars-of.ts";

/** Attempts of an item over its time, with what each spent it on, and the waits between them. */
export function Waterfall({ item }: { readonly item: ItemDetail }) {
  const { tries } = item;
  if (tries === null) return <p class="empty">Nobody kept the attempts of this item.</p>;
  if (tries.length === 0) return <p class="empty">It was never sent.</p>;
  const { bars, wholeMs } = barsOf(item.queuedAt, tries);
  return (
    <div class="waterfall">
      <ol>
        {tries.map((attempt, index) => (
          <li key={attempt.startedAt}>
            <div class="row">
              <span>
                <strong>Attempt {index + 1}</strong> {outcome(attempt)}
              </span>
              <span class="number">
                {duration(attempt.durationMs)}
                {attempt.bytes !== null && ` · ${bytes(attempt.bytes)}`}
                {attempt.reused !== null && (attempt.reused ? " · kept connection" : " · new connection")}
              </span>
            </div>
            <Track bars={bars[index]!} wholeMs={wholeMs} />
            {attempt.error !== null && <p class="message">{attempt.error.message}</p>}
          </li>
        ))}
      </ol>
      <p class="more">0 to {duration(wholeMs)}, from when it was read from the list</p>
    </div>
  );
}

function Track({ bars, wholeMs }: { readonly bars: readonly Bar[]; readonly wholeMs: number }) {
  return (
    <>
      <div class="track" aria-hidden="true">
        {bars.map(bar => (
          <span
            key={bar.name}
            class={`fill phase-${bar.name.replace(" ", "-")}`}
            style={{ left: `${(100 * bar.fromMs) / wholeMs}%`, width: `${(100 * bar.ms) / wholeMs}%` }}
          />
        ))}
      </div>
      <ul class="legend">
        {bars.map(bar => (
          <li key={bar.name}>
            <span class={`swatch phase-${bar.name.replace(" ", "-")}`} aria-hidden="true" />
            {bar.name} <strong>{duration(bar.ms)}</strong>
          </li>
        ))}
      </ul>
    </>
  );
}

function outcome({ status, error }: Try): string {
  if (error !== null) return status === null ? error.code : `${status}, ${error.code}`;
  return status === null ? "" : String(status);
}
