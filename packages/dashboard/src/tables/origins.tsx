import type { OriginRow } from "../protocol.ts";
import { count, duration, rate, UNKNOWN } from "../view/format.ts";
import { Panel } from "../view/panel.tsx";

interface TableProps {
  /** What the table is called where it is read out. */
  readonly label: string;
  /** Said where there is no origin. */
  readonly empty: string;
  readonly origins: readonly OriginRow[];
  readonly isLive: boolean;
  /** Shows its course, and its items. */
  readonly choose: (origin: string) => void;
}

/** Those that take longest. */
export function SlowestOrigins(props: Pick<TableProps, "origins" | "isLive" | "choose">) {
  return (
    <Panel title="Slowest origins" wide>
      <OriginTable label="Slowest origins, table" empty="No origin has been asked yet." {...props} />
    </Panel>
  );
}

/** What goes to each origin, and what holds it back. */
export function OriginTable({ label, empty, origins, isLive, choose }: TableProps) {
  if (origins.length === 0) return <p class="empty">{empty}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section class="scroll" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Origin</th>
            {isLive && (
              <th scope="col" class="number">
                In flight / limit
              </th>
            )}
            {isLive && (
              <th scope="col" class="number">
                Queued
              </th>
            )}
            {isLive && (
              <th scope="col" class="number">
                A second
              </th>
            )}
            <th scope="col" class="number">
              Done
            </th>
            <th scope="col" class="number">
              Failed
            </th>
            <th scope="col" class="number">
              p50
            </th>
            <th scope="col" class="number">
              p95
            </th>
            {isLive && <th scope="col">Held back by</th>}
          </tr>
        </thead>
        <tbody>
          {origins.map(row => (
            <Origin key={row.origin} row={row} isLive={isLive} choose={choose} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Origin({
  row,
  isLive,
  choose,
}: { readonly row: OriginRow } & Pick<TableProps, "isLive" | "choose">) {
  const { now } = row;
  return (
    <tr>
      <th scope="row">
        <button type="button" class="link" onClick={() => choose(row.origin)}>
          {row.origin}
        </button>
      </th>
      {isLive && (
        <td class="number">{now === null ? UNKNOWN : `${count(now.inFlight)} / ${count(now.limit)}`}</td>
      )}
      {isLive && <td class="number">{count(now?.queued ?? null)}</td>}
      {isLive && <td class="number">{rate(now?.perSecond ?? null)}</td>}
      <td class="number">{count(row.done)}</td>
      <td class="number">{count(row.failed)}</td>
      <td class="number">{duration(row.p50)}</td>
      <td class="number">{duration(row.p95)}</td>
      {isLive && <td>{heldBy(row)}</td>}
    </tr>
  );
}

function heldBy({ now }: OriginRow): string {
  if (now === null) return UNKNOWN;
  const parts: string[] = [];
  if (now.waitsFor !== null)
    parts.push(now.waitMs === null ? now.waitsFor : `${now.waitsFor}, ${duration(now.waitMs)} more`);
  if (now.rateLimit !== null) parts.push(`${rate(now.rateLimit)} a second allowed`);
  return parts.join(" · ") || "nothing";
}
