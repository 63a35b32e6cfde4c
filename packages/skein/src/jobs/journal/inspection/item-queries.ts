import type { DatabaseSync } from "node:sqlite";
import { PHASES } from "../item-details.ts";
import { ItemState } from "../journal-protocol.ts";
import { stateName } from "./ended-state.ts";
import type {
  ItemFilter,
  ItemPageRequest,
  ItemSort,
  LoggedItem,
  LoggedItemDetail,
  LoggedPage,
  LoggedTry,
} from "./inspection-types.ts";

type Value = number | string;
type Row = Record<string, number | string | null>;

const COLUMNS =
  "number, line, url, state, status, error, attempts, ended_at, queued_us, waited_us, served_us, bytes";

/** What is sorted by, and whether the highest comes first; ties by number, the same way round. */
const ORDERS: Readonly<Record<ItemSort, { readonly value: string; readonly descends: boolean }>> = {
  latest: { value: "number", descends: true },
  line: { value: "line", descends: false },
  slowest: { value: "coalesce(served_us, -1)", descends: true },
  attempts: { value: "coalesce(attempts, -1)", descends: true },
  bytes: { value: "coalesce(bytes, -1)", descends: true },
};

/** A page of items, from where the one before ended: the journal is never counted through from its start. */
export function itemPage(
  database: DatabaseSync,
  { filter, sort, after, limit }: ItemPageRequest,
): LoggedPage {
  const { value, descends } = ORDERS[sort];
  const where = conditions(filter);
  if (after !== undefined) {
    where.sql.push(`(${value}, number) ${descends ? "<" : ">"} (?, ?)`);
    where.values.push(after.value, after.number);
  }
  const way = descends ? "DESC" : "ASC";
  const rows = database
    .prepare(
      `SELECT ${COLUMNS}, ${value} AS sorted FROM results ${whereClause(where)}
       ORDER BY ${value} ${way}, number ${way} LIMIT ?`,
    )
    .all(...where.values, limit) as Row[];
  const last = rows.length < limit ? undefined : rows.at(-1);
  return {
    items: rows.map(itemOf),
    next: last === undefined ? null : { value: Number(last.sorted), number: Number(last.number) },
  };
}

export function countItems(
  database: DatabaseSync,
  filter: ItemFilter,
): { readonly matching: number; readonly total: number } {
  const count = (where: Conditions) =>
    Number(
      database.prepare(`SELECT count(*) AS n FROM results ${whereClause(where)}`).get(...where.values)!.n,
    );
  const where = conditions(filter);
  const total = count({ sql: [], values: [] });
  return { total, matching: where.sql.length === 0 ? total : count(where) };
}

export function itemDetail(database: DatabaseSync, number: number): LoggedItemDetail | undefined {
  const row = database
    .prepare(
      `SELECT results.*, origins.origin AS origin_name FROM results
       LEFT JOIN origins ON origins.id = results.origin WHERE number = ?`,
    )
    .get(number) as Row | undefined;
  if (row === undefined) return undefined;
  const item = itemOf(row);
  const { endedAt, queuedMs, waitedMs, servedMs } = item;
  return {
    ...item,
    origin: row.origin_name as string | null,
    message: row.message as string | null,
    queuedAt: endedAt === null || queuedMs === null ? null : endedAt - queuedMs - waitedMs! - servedMs!,
    tries: triesOf(row, item),
  };
}

// ── conditions ──

interface Conditions {
  readonly sql: string[];
  readonly values: Value[];
}

function whereClause({ sql }: Conditions): string {
  return sql.length === 0 ? "" : `WHERE ${sql.join(" AND ")}`;
}

function conditions({ states, statuses, codes, origin, text }: ItemFilter): Conditions {
  const all: Conditions = { sql: [], values: [] };
  const add = (sql: string, ...values: Value[]) => {
    all.sql.push(sql);
    all.values.push(...values);
  };
  if (states !== undefined) add(`state IN (${marks(states)})`, ...states.map(state => ItemState[state]));
  if (codes !== undefined) add(`error IN (${marks(codes)})`, ...codes);
  if (statuses !== undefined) addStatuses(statuses, add);
  if (origin !== undefined) add("origin = (SELECT id FROM origins WHERE origin = ?)", origin);
  if (text !== undefined) add("url LIKE ? ESCAPE '\\'", `%${text.replace(/[\\%_]/g, "\\$&")}%`);
  return all;
}

function addStatuses(
  statuses: NonNullable<ItemFilter["statuses"]>,
  add: (sql: string, ...values: Value[]) => void,
): void {
  const parts = statuses.map(range => (range === null ? "status IS NULL" : "status BETWEEN ? AND ?"));
  add(`(${parts.join(" OR ")})`, ...statuses.flatMap(range => range ?? []));
}

function marks(values: readonly unknown[]): string {
  return values.map(() => "?").join(", ");
}

// ── rows ──

function itemOf(row: Row): LoggedItem {
  return {
    number: Number(row.number),
    line: Number(row.line),
    url: String(row.url),
    state: stateName(Number(row.state)),
    status: row.status as number | null,
    code: row.error as string | null,
    attempts: row.attempts as number | null,
    endedAt: row.ended_at as number | null,
    queuedMs: millis(row.queued_us),
    waitedMs: millis(row.waited_us),
    servedMs: millis(row.served_us),
    bytes: row.bytes as number | null,
  };
}

function millis(micros: string | number | null | undefined): number | null {
  return typeof micros === "number" ? micros / 1_000 : null;
}

function triesOf(row: Row, item: LoggedItem): LoggedTry[] | null {
  const last = lastTry(row, item);
  if (typeof row.tries !== "string") return last === undefined ? null : [last];
  const tries = (JSON.parse(row.tries) as Partial<LoggedTry>[]).map(tried => ({
    startedAt: tried.startedAt!,
    durationMs: tried.durationMs!,
    status: tried.status ?? null,
    error: tried.error ?? null,
    reused: tried.reused ?? null,
    bytes: tried.bytes ?? null,
    phases: null as LoggedTry["phases"],
  }));
  const final = tries.at(-1);
  if (final !== undefined) final.phases = phasesOf(row);
  return tries;
}

/** The only one of most items is not listed by itself: their row tells all of it. */
function lastTry(row: Row, { attempts, endedAt, servedMs, status, code, bytes }: LoggedItem) {
  if (attempts !== 1 || endedAt === null || servedMs === null) return undefined;
  const error = code === null || code === "HTTP_STATUS" ? null : { code, message: String(row.message ?? "") };
  const reused = row.reused === null ? null : row.reused === 1;
  return {
    ...{ startedAt: endedAt - servedMs, durationMs: servedMs, status, error, reused, bytes },
    phases: phasesOf(row),
  };
}

function phasesOf(row: Row): LoggedTry["phases"] {
  const phases = PHASES.flatMap(phase => {
    const ms = millis(row[`${phase}_us`]);
    return ms === null ? [] : [{ phase, ms }];
  });
  return phases.length === 0 ? null : phases;
}
