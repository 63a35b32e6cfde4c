import { useEffect, useState } from "preact/hooks";
import type { OpenItemRow, Snapshot } from "../protocol.ts";
import type { DataSource } from "../source/data-source.ts";
import { count, duration, lineName } from "../view/format.ts";
import { Panel } from "../view/panel.tsx";
import { StateMark } from "../view/state-mark.tsx";

interface OpenItemsProps {
  readonly source: DataSource;
  /** With each one they are asked for again. */
  readonly snapshot: Snapshot;
}

/** What is in flight or waits for its next attempt, the longest in flight first. */
export function OpenItemsPanel({ source, snapshot }: OpenItemsProps) {
  const items = useOpenItems(source, snapshot);
  const { running, waiting } = snapshot.counts;
  return (
    <Panel title="Open items" note={noteOf(items.length, running + waiting)} wide>
      {items.length === 0 ? (
        <p class="empty">Nothing is in flight.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
        <section class="scroll open-items" aria-label="Open items, table" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">State</th>
                <th scope="col" class="number">
                  Attempt
                </th>
                <th scope="col" class="number">
                  Time
                </th>
                <th scope="col" class="number">
                  Line
                </th>
                <th scope="col">URL</th>
              </tr>
            </thead>
            <tbody>
              {items.map(item => (
                <OpenRow key={item.line} item={item} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Panel>
  );
}

function OpenRow({ item }: { readonly item: OpenItemRow }) {
  const { state, line, url, attempts, ms, waitsFor } = item;
  return (
    <tr data-open={state}>
      <td>
        <StateMark state={state} />
        {waitsFor !== null && ` ${waitsFor}`}
      </td>
      <td class="number">{count(attempts + 1)}</td>
      <td class="number">{state === "waiting" ? `in ${duration(ms)}` : duration(ms)}</td>
      <td class="number">{lineName(line)}</td>
      <td>{url}</td>
    </tr>
  );
}

function noteOf(told: number, open: number): string {
  return told > 0 && open > told ? `${count(told)} of ${count(open)}` : "";
}

function useOpenItems(source: DataSource, snapshot: Snapshot): readonly OpenItemRow[] {
  const [items, setItems] = useState<readonly OpenItemRow[]>([]);
  useEffect(() => {
    if (document.visibilityState === "hidden") return;
    let wanted = true;
    // When the connection is lost, the page says so at its top; what there was stays.
    source.open().then(
      ({ items: found }) => wanted && setItems(found),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [source, snapshot]);
  return items;
}
