import { useEffect, useState } from "preact/hooks";
import type { ItemDetail } from "../protocol.ts";
import type { DataSource } from "../source/data-source.ts";
import { bytes, dateTime, duration, lineName } from "../view/format.ts";
import { StateMark } from "../view/state-mark.tsx";
import { Waterfall } from "./waterfall.tsx";

interface ItemViewProps {
  readonly source: DataSource;
  readonly number: number;
  readonly close: () => void;
}

/** All that is known of one item. */
export function ItemView({ source, number, close }: ItemViewProps) {
  const [item, setItem] = useState<ItemDetail>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    let wanted = true;
    setFailure(undefined);
    source.item(number).then(
      found => wanted && setItem(found),
      (error: Error) => wanted && setFailure(error.message),
    );
    return () => {
      wanted = false;
    };
  }, [source, number]);
  return (
    <article class="detail" aria-label={`Item ${number}`} aria-live="polite">
      <div class="row">
        <h3>Item {number}</h3>
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
      {failure !== undefined && <p class="tone-bad">{failure}</p>}
      {failure === undefined &&
        (item?.number === number ? <Facts item={item} /> : <p class="empty">Loading …</p>)}
    </article>
  );
}

function Facts({ item }: { readonly item: ItemDetail }) {
  return (
    <>
      <p class="address">{item.url}</p>
      {item.message !== null && <p class="message">{item.message}</p>}
      <dl class="pairs">
        <Pair name="State">
          <StateMark state={item.state} />
        </Pair>
        <Pair name="Status">{item.status ?? "no answer"}</Pair>
        {item.code !== null && <Pair name="Error">{item.code}</Pair>}
        <Pair name="Line">{lineName(item.line)}</Pair>
        <Pair name="Ended">{dateTime(item.endedAt)}</Pair>
        <Pair name="Queued">{duration(item.queuedMs)}</Pair>
        <Pair name="Waited">{duration(item.waitedMs)}</Pair>
        <Pair name="In attempts">{duration(item.servedMs)}</Pair>
        <Pair name="Body">{bytes(item.bytes)}</Pair>
      </dl>
      <Waterfall item={item} />
    </>
  );
}

function Pair({ name, children }: { readonly name: string; readonly children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
