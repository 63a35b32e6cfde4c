import { useEffect, useState } from "preact/hooks";
import type { OriginPage, OriginQuery, OriginSort, Snapshot } from "../protocol.ts";
import type { DataSource } from "../source/data-source.ts";
import { count } from "../view/format.ts";
import { Panel } from "../view/panel.tsx";
import { OriginTable } from "./origins.tsx";

/** How many are shown at first, and how many the server tells of at once. */
const FEW = 20;
const MANY = 500;

const SORTS: readonly (readonly [OriginSort, string])[] = [
  ["busiest", "busiest first"],
  ["failed", "most failed first"],
  ["slowest", "slowest first"],
  ["name", "by name"],
];

interface AllOriginsProps {
  readonly source: DataSource;
  readonly snapshot: Snapshot;
  readonly isLive: boolean;
  readonly choose: (origin: string) => void;
}

/** Looks among all origins that have been asked; as long as nobody does, the most active are shown. */
export function AllOrigins({ source, snapshot, isLive, choose }: AllOriginsProps) {
  const [query, setQuery] = useState<OriginQuery>({});
  const page = useOrigins(source, query, snapshot);
  const { origins, originCount } = snapshot;
  const shown = page ?? { origins, matching: originCount, total: originCount };
  const isAll = query.limit === MANY;
  return (
    <Panel title="Origins" note={noteOf(shown)} wide>
      {originCount > FEW && (
        <search class="filters">
          <label class="grow">
            Origin holds
            <input
              type="search"
              value={query.text ?? ""}
              placeholder="example.com"
              onInput={({ currentTarget: { value } }) => setQuery({ ...query, text: value })}
            />
          </label>
          <label>
            Order of origins
            <select
              value={query.sort ?? "busiest"}
              onChange={({ currentTarget: { value } }) => setQuery({ ...query, sort: value as OriginSort })}
            >
              {SORTS.map(([sort, label]) => (
                <option key={sort} value={sort}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <button type="button" onClick={() => setQuery({ ...query, limit: isAll ? FEW : MANY })}>
            {isAll ? "Show few" : "Show many"}
          </button>
        </search>
      )}
      <OriginTable
        label="Origins, table"
        empty={originCount === 0 ? "No origin has been asked yet." : "No origin fits."}
        origins={shown.origins}
        isLive={isLive}
        choose={choose}
      />
    </Panel>
  );
}

function noteOf({ origins, matching, total }: OriginPage): string {
  if (matching < total) return `${count(origins.length)} of ${count(matching)} that fit, of ${count(total)}`;
  return origins.length < total ? `${count(origins.length)} of ${count(total)}` : "";
}

/** Asked for again with each snapshot; undefined where nobody looks for anything. */
function useOrigins(source: DataSource, query: OriginQuery, snapshot: Snapshot): OriginPage | undefined {
  const [page, setPage] = useState<OriginPage>();
  const looks = Object.keys(query).length > 0;
  useEffect(() => {
    if (!looks || (document.visibilityState === "hidden" && page !== undefined)) return;
    let wanted = true;
    // When the connection is lost, the page says so at its top; what there was stays.
    source.origins({ limit: FEW, ...query }).then(
      found => wanted && setPage(found),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [source, query, looks, snapshot]);
  return looks ? page : undefined;
}
