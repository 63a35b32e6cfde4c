import type { DatabaseSync } from "node:sqlite";
import { Histogram } from "../../../entry/figures.ts";
import { addLatency } from "../timeline-sample.ts";
import { stateName } from "./ended-state.ts";
import type {
  EndedState,
  ErrorFigure,
  JournalFigures,
  OriginPage,
  OriginPageRequest,
} from "./inspection-types.ts";
import { OriginCounts } from "./origin-counts.ts";

const MOST_ERRORS = 20;
const SAMPLES = 5;
const RECENT_MS = 5_000;
const RECENT_ROWS = 6;

interface ErrorCount {
  readonly code: string;
  readonly status: number | null;
  message: string;
  count: number;
  samples: number[];
}

/** Items that ended alike, at one origin. */
interface EndedGroup {
  readonly state: number;
  readonly status: number | null;
  readonly error: string | null;
  readonly origin: number | null;
  readonly count: number;
  readonly attempts: number | null;
  readonly bytes: number | null;
  /** As JSON: microseconds, null where an item was not sent. */
  readonly served: string;
  /** As JSON, of items that failed. */
  readonly numbers: string;
  /** Of the first. */
  readonly message: string | null;
  readonly first: number;
}

/** So many are grouped at once: few enough to be sorted in memory. */
const GROUPED = 50_000;

/**
 * Grouped by SQLite, rather than brought over row by row, which takes four times as long: ten million are counted in seconds. With
 * min(), SQLite takes the columns that are not grouped from the row that has the least (https://sqlite.org/lang_select.html#bareagg).
 */
const GROUPS = `
  SELECT state, status, error, origin, count(*) AS count, sum(attempts) AS attempts, sum(bytes) AS bytes,
    json_group_array(served_us) AS served, json_group_array(number) FILTER (WHERE error IS NOT NULL) AS numbers,
    message, min(number) AS first
  FROM results WHERE number > ? AND number <= ? GROUP BY state, status, error, origin ORDER BY first`;

/** Counts what a journal holds. Each look reads only what has come since the one before. */
export class FigureCounter {
  readonly #database: DatabaseSync;
  #generation: unknown;
  #lastNumber = 0;
  #lastSample = 0;
  #states: Record<EndedState, number> = newStates();
  #attempts = 0;
  #bytes = 0;
  #statuses = new Map<number, number>();
  #errors = new Map<string, ErrorCount>();
  #origins = new OriginCounts();
  #latency = new Histogram();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** @param wanted origins to tell of, whatever they have done */
  read(wanted: readonly string[]): JournalFigures {
    return this.#ofOneMoment(job => ({
      ...this.#states,
      attempts: this.#attempts,
      bytes: this.#bytes,
      statuses: [...this.#statuses]
        .map(([status, count]) => ({ status, count }))
        .sort((a, b) => b.count - a.count),
      errors: this.#topErrors(),
      ...this.#origins.figures(wanted),
      isComplete: job.complete === 1,
      ...this.#times(),
      latency: percentilesOf(this.#latency),
      recent: this.#recent(),
    }));
  }

  /** Some of the origins, as many as there are. */
  origins(request: OriginPageRequest): OriginPage {
    return this.#ofOneMoment(() => this.#origins.page(request));
  }

  /** Also while another process writes. */
  #ofOneMoment<T>(tell: (job: Record<string, unknown>) => T): T {
    this.#database.exec("BEGIN");
    try {
      const job = this.#database.prepare("SELECT * FROM job").get() ?? {};
      if (job.generation !== this.#generation) this.#forget(job.generation);
      this.#addResults();
      this.#addLatency();
      return tell(job);
    } finally {
      this.#database.exec("COMMIT");
    }
  }

  /** Items were taken out of the journal: what was counted of them can't be told from the rest. */
  #forget(generation: unknown): void {
    this.#generation = generation;
    this.#lastNumber = 0;
    this.#states = newStates();
    this.#attempts = 0;
    this.#bytes = 0;
    this.#statuses = new Map();
    this.#errors = new Map();
    this.#origins = new OriginCounts();
    this.#lastSample = 0;
    this.#latency = new Histogram();
  }

  #addResults(): void {
    const last = Number(this.#database.prepare("SELECT max(number) AS last FROM results").get()?.last ?? 0);
    const groups = this.#database.prepare(GROUPS);
    while (this.#lastNumber < last) {
      const to = Math.min(last, this.#lastNumber + GROUPED);
      for (const group of groups.all(this.#lastNumber, to) as unknown as EndedGroup[]) this.#add(group);
      this.#lastNumber = to;
    }
  }

  #add(group: EndedGroup): void {
    const { status, attempts, bytes, count } = group;
    this.#states[stateName(group.state)] += count;
    this.#attempts += attempts ?? 0;
    this.#bytes += bytes ?? 0;
    if (status !== null) this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + count);
    if (group.error !== null) this.#addError(group, group.error);
    if (group.origin !== null) this.#addToOrigin(group, group.origin);
  }

  #addError({ numbers, status: answered, message, count }: EndedGroup, code: string): void {
    const status = code === "HTTP_STATUS" ? answered : null;
    const key = `${code} ${status}`;
    let error = this.#errors.get(key);
    if (error === undefined) {
      error = { code, status, message: message ?? "", count: 0, samples: [] };
      this.#errors.set(key, error);
    }
    error.count += count;
    const known = [...error.samples, ...(JSON.parse(numbers) as number[])];
    error.samples = known.sort((a, b) => a - b).slice(-SAMPLES);
  }

  #addToOrigin({ state, served, count }: EndedGroup, id: number): void {
    const name = stateName(state);
    if (name === "rejected") return;
    const group = { count, hasFailed: name !== "succeeded", served: JSON.parse(served) as (number | null)[] };
    this.#origins.add(id, group, () => this.#nameOf(id));
  }

  #nameOf(id: number): string {
    return String(this.#database.prepare("SELECT origin FROM origins WHERE id = ?").get(id)?.origin);
  }

  #addLatency(): void {
    const rows = this.#database.prepare("SELECT at, latency FROM timeline WHERE at > ? ORDER BY at");
    for (const { at, latency } of rows.iterate(this.#lastSample)) {
      this.#lastSample = Number(at);
      if (latency instanceof Uint8Array) addLatency(this.#latency, latency);
    }
  }

  // ── telling ──

  #topErrors(): ErrorFigure[] {
    return [...this.#errors.values()]
      .sort((a, b) => b.count - a.count)
      .slice(0, MOST_ERRORS)
      .map(error => ({ ...error, samples: error.samples.toReversed() }));
  }

  #times(): Pick<JournalFigures, "startedAt" | "runStartedAt" | "runMs"> {
    const { startedAt, runStartedAt, runMs } = (this.#database
      .prepare(
        `SELECT min(run) AS startedAt, max(run) AS runStartedAt, max(at + ms) - max(run) AS runMs FROM timeline`,
      )
      .get() ?? {}) as Record<string, number | null>;
    return { startedAt: startedAt ?? null, runStartedAt: runStartedAt ?? null, runMs: runMs ?? null };
  }

  #recent(): JournalFigures["recent"] {
    const rows = this.#database
      .prepare(
        "SELECT at, ms, requests, bytes, succeeded + failed AS items FROM timeline ORDER BY at DESC LIMIT ?",
      )
      .all(RECENT_ROWS) as Record<string, number>[];
    const from = Date.now() - RECENT_MS - 2_000;
    const late = rows.slice(0, RECENT_MS / 1_000).filter(({ at, ms }) => at! + ms! > from);
    const seconds = late.reduce((sum, { ms }) => sum + ms!, 0) / 1_000;
    const perSecond = (column: string) =>
      seconds === 0 ? 0 : late.reduce((sum, row) => sum + row[column]!, 0) / seconds;
    return { requests: perSecond("requests"), bytes: perSecond("bytes"), items: perSecond("items") };
  }
}

function percentilesOf(latency: Histogram): JournalFigures["latency"] {
  if (latency.count === 0) return null;
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map(share => latency.percentile(share));
  return { p50: p50!, p95: p95!, p99: p99! };
}

function newStates(): Record<EndedState, number> {
  return { succeeded: 0, failed: 0, unknown: 0, rejected: 0 };
}
