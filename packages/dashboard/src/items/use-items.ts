import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { ItemCount, ItemQuery, ItemRow } from "../protocol.ts";
import type { DataSource } from "../source/data-source.ts";

export interface Items {
  readonly rows: readonly ItemRow[];
  readonly counts: ItemCount | undefined;
  readonly state: "loading" | "more" | "all" | "failed";
  readonly failure: string | undefined;
  /** Fetches the next page, if there is one and none is on its way. */
  readonly more: () => void;
}

const NONE = { rows: [] as readonly ItemRow[], next: undefined as string | null | undefined };

/** The items that a query lets through, page after page. With another query, or `version`, it begins anew. */
export function useItems(source: DataSource, query: ItemQuery, version: number): Items {
  const [{ rows, next }, setFound] = useState(NONE);
  const [counts, setCounts] = useState<ItemCount>();
  const [failure, setFailure] = useState<string>();
  /** The latest question: an answer to another one is not looked at. */
  const asked = useRef(0);
  const busy = useRef(false);

  const fetchPage = useCallback(
    (cursor: string | undefined, before: readonly ItemRow[]) => {
      const mine = asked.current;
      busy.current = true;
      source
        .items({ ...query, ...(cursor !== undefined && { cursor }) })
        .then(
          page => {
            if (mine !== asked.current) return;
            setFound({ rows: [...before, ...page.items], next: page.next });
            setFailure(undefined);
          },
          (error: Error) => mine === asked.current && setFailure(error.message),
        )
        .finally(() => {
          if (mine === asked.current) busy.current = false;
        });
    },
    [source, query],
  );

  // Another version is to be fetched anew.
  useEffect(() => {
    asked.current += 1;
    const mine = asked.current;
    fetchPage(undefined, []);
    // Counting may take longer; the list does not wait for it.
    source.countItems(query).then(
      found => mine === asked.current && setCounts(found),
      () => undefined,
    );
  }, [fetchPage, version]);

  const more = () => {
    if (!busy.current && typeof next === "string") fetchPage(next, rows);
  };
  const state =
    failure !== undefined ? "failed" : next === undefined ? "loading" : next === null ? "all" : "more";
  return { rows, counts, state, failure, more };
}
