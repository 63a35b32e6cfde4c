import type { Ref } from "preact";
import { useState } from "preact/hooks";
import type { ItemQuery, ItemSort } from "../protocol.ts";
import type { DataSource } from "../source/data-source.ts";
import { count } from "../view/format.ts";
import { Panel } from "../view/panel.tsx";
import { ItemList } from "./item-list.tsx";
import { ItemView } from "./item-view.tsx";
import { type Items, useItems } from "./use-items.ts";

interface InspectorProps {
  readonly source: DataSource;
  readonly query: ItemQuery;
  readonly setQuery: (query: ItemQuery) => void;
  readonly chosen: number | undefined;
  readonly choose: (item: number | undefined) => void;
  /** The field that is searched with. */
  readonly search: Ref<HTMLInputElement>;
}

/** Looks among all items that have ended. */
export function Inspector({ source, query, setQuery, chosen, choose, search }: InspectorProps) {
  const [version, setVersion] = useState(0);
  const items = useItems(source, query, version);
  return (
    <Panel title="Items" note={noteOf(items, source.report?.left)} wide>
      <Filters query={query} setQuery={setQuery} search={search}>
        {source.kind === "live" && (
          <button type="button" onClick={() => setVersion(version + 1)}>
            Refresh
          </button>
        )}
      </Filters>
      <div class={chosen === undefined ? "inspector" : "inspector with-detail"}>
        {items.rows.length === 0 ? (
          <Empty items={items} />
        ) : (
          <ItemList items={items} chosen={chosen} choose={choose} />
        )}
        {chosen !== undefined && <ItemView source={source} number={chosen} close={() => choose(undefined)} />}
      </div>
    </Panel>
  );
}

/** @param left of a report: how many are not in it */
function noteOf({ counts, rows }: Items, left: number | undefined): string {
  if (counts === undefined) return "";
  const of = left === undefined ? "that have ended" : `in this report, ${count(left)} are not`;
  if (counts.matching === counts.total) return `${count(counts.total)} ${of}, ${count(rows.length)} loaded`;
  return `${count(counts.matching)} of ${count(counts.total)} ${of}, ${count(rows.length)} loaded`;
}

function Empty({ items }: { readonly items: Items }) {
  if (items.state === "failed") return <p class="tone-bad">{items.failure}</p>;
  return <p class="empty">{items.state === "loading" ? "Loading …" : "No item fits."}</p>;
}

const STATES = ["succeeded", "failed", "unknown", "rejected"];
const SORTS: readonly (readonly [ItemSort, string])[] = [
  ["latest", "latest first"],
  ["line", "as in the list"],
  ["slowest", "slowest first"],
  ["attempts", "most attempts first"],
  ["bytes", "largest first"],
];

interface FiltersProps extends Pick<InspectorProps, "query" | "setQuery" | "search"> {
  readonly children: preact.ComponentChildren;
}

function Filters({ query, setQuery, search, children }: FiltersProps) {
  const set = (name: keyof ItemQuery) => (event: { currentTarget: { value: string } }) => {
    const { [name]: _, ...rest } = query;
    const { value } = event.currentTarget;
    setQuery(value === "" ? rest : { ...rest, [name]: value });
  };
  return (
    <search class="filters">
      <label class="grow">
        URL holds
        <input
          type="search"
          ref={search}
          value={query.text ?? ""}
          placeholder="/users/"
          onChange={set("text")}
        />
      </label>
      <label>
        State
        <select value={query.state ?? ""} onChange={set("state")}>
          <option value="">any</option>
          {STATES.map(state => (
            <option key={state}>{state}</option>
          ))}
        </select>
      </label>
      <Field label="Status" name="status" example="404, 5xx, none" query={query} set={set} />
      <Field label="Error" name="code" example="READ_TIMEOUT" query={query} set={set} />
      <Field label="Origin" name="origin" example="https://example.com" query={query} set={set} />
      <label>
        Order
        <select value={query.sort ?? "latest"} onChange={set("sort")}>
          {SORTS.map(([sort, label]) => (
            <option key={sort} value={sort}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={() => setQuery({})}>
        Clear
      </button>
      {children}
    </search>
  );
}

interface FieldProps {
  readonly label: string;
  readonly name: "status" | "code" | "origin";
  readonly example: string;
  readonly query: ItemQuery;
  readonly set: (name: keyof ItemQuery) => (event: { currentTarget: { value: string } }) => void;
}

function Field({ label, name, example, query, set }: FieldProps) {
  return (
    <label>
      {label}
      <input type="search" value={query[name] ?? ""} placeholder={example} onChange={set(name)} />
    </label>
  );
}
