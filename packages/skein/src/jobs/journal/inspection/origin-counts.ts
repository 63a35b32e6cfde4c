import { Histogram } from "../../../entry/figures.ts";
import type {
  JournalFigures,
  OriginFigure,
  OriginPage,
  OriginPageRequest,
  OriginSort,
} from "./inspection-types.ts";

const MOST_ORIGINS = 20;
const SLOWEST = 5;
/** What has so few answers is not yet known to be slow. */
const ENOUGH_ANSWERS = 5;

interface OriginCount {
  readonly origin: string;
  done: number;
  failed: number;
  readonly latency: Histogram;
}

/** Items of one origin that ended alike. */
export interface OriginGroup {
  readonly count: number;
  readonly hasFailed: boolean;
  /** Microseconds that each of them was served; null where one was not sent. */
  readonly served: readonly (number | null)[];
}

type Order = (a: OriginCount, b: OriginCount) => number;

const BUSIEST: Order = (a, b) => b.done - a.done;
const FAILED: Order = (a, b) => b.failed - a.failed || BUSIEST(a, b);
const NAME: Order = (a, b) => (a.origin < b.origin ? -1 : 1);

const SORTED: Readonly<Record<OriginSort, (origins: readonly OriginCount[]) => OriginCount[]>> = {
  busiest: origins => origins.toSorted(BUSIEST),
  failed: origins => origins.toSorted(FAILED),
  slowest: origins => [...slowestOf(origins), ...origins.filter(origin => !isKnown(origin)).sort(BUSIEST)],
  name: origins => origins.toSorted(NAME),
};

/** What has come of the items of each origin. */
export class OriginCounts {
  readonly #origins = new Map<number, OriginCount>();

  /** @param nameOf an origin that has not been seen before */
  add(id: number, { count, hasFailed, served }: OriginGroup, nameOf: (id: number) => string): void {
    let origin = this.#origins.get(id);
    if (origin === undefined) {
      origin = { origin: nameOf(id), done: 0, failed: 0, latency: new Histogram() };
      this.#origins.set(id, origin);
    }
    origin.done += count;
    if (hasFailed) origin.failed += count;
    for (const us of served) if (us !== null) origin.latency.record(us / 1_000);
  }

  /** @param wanted origins to tell of, whatever they have done */
  figures(wanted: readonly string[]): Pick<JournalFigures, "origins" | "slowest" | "originCount"> {
    const all = [...this.#origins.values()];
    const names = new Set(wanted);
    const busiest = new Set(all.toSorted(BUSIEST).slice(0, MOST_ORIGINS));
    const told = all.filter(origin => busiest.has(origin) || names.has(origin.origin));
    return {
      origins: told.sort(BUSIEST).map(figureOf),
      slowest: slowestOf(all).slice(0, SLOWEST).map(figureOf),
      originCount: all.length,
    };
  }

  page({ text, sort, limit }: OriginPageRequest): OriginPage {
    const all = [...this.#origins.values()];
    const part = text?.toLowerCase();
    const matching = part === undefined ? all : all.filter(({ origin }) => origin.includes(part));
    return {
      origins: SORTED[sort](matching).slice(0, limit).map(figureOf),
      matching: matching.length,
      total: all.length,
    };
  }
}

/** Those of which it is known. */
function slowestOf(origins: readonly OriginCount[]): OriginCount[] {
  return origins
    .filter(isKnown)
    .map(origin => ({ origin, p95: origin.latency.percentile(0.95) }))
    .sort((a, b) => b.p95 - a.p95)
    .map(({ origin }) => origin);
}

function isKnown({ latency }: OriginCount): boolean {
  return latency.count >= ENOUGH_ANSWERS;
}

function figureOf({ origin, done, failed, latency }: OriginCount): OriginFigure {
  const [p50, p95] = latency.count === 0 ? [null, null] : [0.5, 0.95].map(share => latency.percentile(share));
  return { origin, done, failed, p50: p50!, p95: p95! };
}
