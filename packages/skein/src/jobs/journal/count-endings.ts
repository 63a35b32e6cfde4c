import type { DatabaseSync } from "node:sqlite";
import type { ItemCount } from "./journal-protocol.ts";

/** Rows at the beginning and at the end that tell which endings are the common ones. */
const SAMPLED = 1_000;
/** So many of them are counted without being sorted. */
const MOST_COMMON = 8;

type Ending = Omit<ItemCount, "count">;

const COMMON_ENDINGS = `
  SELECT state, status, error FROM (
    SELECT * FROM (SELECT state, status, error FROM items ORDER BY line LIMIT ${SAMPLED})
    UNION ALL
    SELECT * FROM (SELECT state, status, error FROM items ORDER BY line DESC LIMIT ${SAMPLED})
  ) GROUP BY state, status, error ORDER BY count(*) DESC LIMIT ${MOST_COMMON}`;

const SAME = "(state = ? AND status IS ? AND error IS ?)";

/**
 * How many items ended how. GROUP BY would sort all rows: the common endings are counted while one looks through them, and only what is
 * rare is sorted. A seventh of the time, of ten million rows.
 */
export function countEndings(database: DatabaseSync): ItemCount[] {
  const common = database.prepare(COMMON_ENDINGS).all() as unknown as Ending[];
  if (common.length === 0) return [];
  const values = common.flatMap(({ state, status, error }) => [state, status, error]);
  const columns = common.map((_, index) => `count(*) FILTER (WHERE ${SAME}) AS n${index}`);
  const found = database
    .prepare(`SELECT count(*) AS total, ${columns.join(", ")} FROM items`)
    .get(...values) as Record<string, number>;
  const counts = common.map((ending, index) => ({ ...ending, count: found[`n${index}`]! }));
  const counted = counts.reduce((sum, { count }) => sum + count, 0);
  if (counted === found.total) return counts;
  const rare = database.prepare(
    `SELECT state, status, error, count(*) AS count FROM items WHERE NOT (${common.map(() => SAME).join(" OR ")})
     GROUP BY state, status, error`,
  );
  return [...counts, ...(rare.all(...values) as unknown as ItemCount[])];
}
