import { useRef, useState } from "preact/hooks";
import type { ItemRow } from "../protocol.ts";
import { bytes, duration, lineName, time, UNKNOWN } from "../view/format.ts";
import { StateMark } from "../view/state-mark.tsx";
import type { Items } from "./use-items.ts";

const ROW_HEIGHT = 34;
/** Rendered beyond what is seen, on each side. */
const SPARE = 12;
const HEIGHT = 15 * ROW_HEIGHT;

interface ItemListProps {
  readonly items: Items;
  readonly chosen: number | undefined;
  readonly choose: (item: number) => void;
}

/** As many rows as are seen, of as many as there are; arrow keys go through them. */
export function ItemList({ items, chosen, choose }: ItemListProps) {
  const { rows } = items;
  const [top, setTop] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const first = Math.max(0, Math.floor(top / ROW_HEIGHT) - SPARE);
  const last = Math.min(rows.length, first + Math.ceil(HEIGHT / ROW_HEIGHT) + 2 * SPARE);
  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current!;
    setTop(scrollTop);
    if (scrollHeight - scrollTop - clientHeight < 40 * ROW_HEIGHT) items.more();
  };
  const go = (event: KeyboardEvent) => {
    const to = targetOf(
      event.key,
      rows.findIndex(row => row.number === chosen),
      rows.length,
    );
    if (to === undefined) return;
    event.preventDefault();
    choose(rows[to]!.number);
    const { current } = box;
    const y = to * ROW_HEIGHT;
    if (y < current!.scrollTop) current!.scrollTop = y;
    else if (y + ROW_HEIGHT > current!.scrollTop + current!.clientHeight)
      current!.scrollTop = y + ROW_HEIGHT - current!.clientHeight;
    if (to > rows.length - 40) items.more();
  };
  return (
    <div
      class="list"
      ref={box}
      onScroll={scrolled}
      onKeyDown={go}
      role="listbox"
      aria-label="Items"
      aria-activedescendant={chosen === undefined ? undefined : `item-${chosen}`}
      tabIndex={0}
      style={{ maxHeight: `${HEIGHT}px` }}
    >
      <div role="presentation" style={{ height: `${rows.length * ROW_HEIGHT}px` }}>
        <div role="presentation" style={{ transform: `translateY(${first * ROW_HEIGHT}px)` }}>
          {rows.slice(first, last).map((row, index) => (
            <Row
              key={row.number}
              row={row}
              position={first + index + 1}
              all={items.counts?.matching ?? -1}
              isChosen={row.number === chosen}
              choose={choose}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

function targetOf(key: string, now: number, length: number): number | undefined {
  const page = Math.floor(HEIGHT / ROW_HEIGHT) - 1;
  const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
  if (length === 0) return undefined;
  if (key === "Home") return 0;
  if (key === "End") return length - 1;
  const step = steps[key];
  return step === undefined ? undefined : Math.max(0, Math.min(length - 1, now + step));
}

interface RowProps {
  readonly row: ItemRow;
  /** From 1. */
  readonly position: number;
  /** -1 while nobody knows. */
  readonly all: number;
  readonly isChosen: boolean;
  readonly choose: (item: number) => void;
}

function Row({ row, position, all, isChosen, choose }: RowProps) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, and says which of its options is chosen
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the list's
    <div
      class="item"
      role="option"
      id={`item-${row.number}`}
      aria-selected={isChosen}
      aria-posinset={position}
      aria-setsize={all}
      onClick={() => choose(row.number)}
      style={{ height: `${ROW_HEIGHT}px` }}
    >
      <span class="line">{lineName(row.line)}</span>
      <StateMark state={row.state} />
      <span class="status">{row.status ?? row.code ?? UNKNOWN}</span>
      <span class="url" title={row.url}>
        {row.url}
      </span>
      <span class="number">{row.attempts === null || row.attempts < 2 ? "" : `${row.attempts}×`}</span>
      <span class="number">{duration(row.servedMs)}</span>
      <span class="number">{bytes(row.bytes)}</span>
      <span class="number">{time(row.endedAt)}</span>
    </div>
  );
}
