import type {
  ControlAnswer,
  ItemCount,
  ItemDetail,
  ItemPage,
  ItemQuery,
  JobFacts,
  OpenItems,
  OriginPage,
  OriginQuery,
  OriginRow,
  ReportData,
  Series,
  Snapshot,
} from "../protocol.ts";
import type { DataSource } from "./data-source.ts";

const PAGE = 100;

/** What stands in the page itself. */
export class ReportSource implements DataSource {
  readonly kind = "report";
  readonly report: { readonly madeAt: number; readonly left: number };
  readonly #data: ReportData;

  constructor(data: ReportData) {
    this.#data = data;
    this.report = { madeAt: data.madeAt, left: data.itemCount - data.items.length };
  }

  async job(): Promise<JobFacts> {
    return this.#data.job;
  }

  watch(seen: (snapshot: Snapshot) => void, connected: (is: boolean) => void): () => void {
    connected(true);
    seen(this.#data.snapshot);
    return () => undefined;
  }

  async series(): Promise<Series> {
    return this.#data.series;
  }

  async origins({ text = "", sort = "busiest", limit = PAGE }: OriginQuery): Promise<OriginPage> {
    const { origins, total } = this.#data.origins;
    const matching = origins.filter(({ origin }) => origin.includes(text.toLowerCase()));
    // Of those that are not here, nobody knows whether they fit.
    return {
      origins: matching.sort(ORIGIN_ORDERS[sort]).slice(0, limit),
      matching: text === "" ? total : matching.length,
      total,
    };
  }

  async items(query: ItemQuery): Promise<ItemPage> {
    const from = Number(query.cursor ?? 0);
    const matching = this.#matching(query);
    const next = from + PAGE < matching.length ? String(from + PAGE) : null;
    return { items: matching.slice(from, from + PAGE), next };
  }

  async countItems(query: ItemQuery): Promise<ItemCount> {
    return { matching: this.#matching(query).length, total: this.#data.items.length };
  }

  async open(): Promise<OpenItems> {
    return { items: [] };
  }

  async item(number: number): Promise<ItemDetail> {
    const found = this.#data.items.find(item => item.number === number);
    if (found === undefined) throw new Error("This item is not in the report: it holds some of them only.");
    return found;
  }

  async control(): Promise<ControlAnswer> {
    throw new Error("A report is of the past.");
  }

  #matching(query: ItemQuery): ItemDetail[] {
    return this.#data.items.filter(item => matches(item, query)).sort(ORDERS[query.sort ?? "latest"]);
  }
}

const ORDERS = {
  latest: (a: ItemDetail, b: ItemDetail) => b.number - a.number,
  line: (a: ItemDetail, b: ItemDetail) => a.line - b.line,
  slowest: (a: ItemDetail, b: ItemDetail) => (b.servedMs ?? -1) - (a.servedMs ?? -1),
  attempts: (a: ItemDetail, b: ItemDetail) => (b.attempts ?? -1) - (a.attempts ?? -1),
  bytes: (a: ItemDetail, b: ItemDetail) => (b.bytes ?? -1) - (a.bytes ?? -1),
};

const ORIGIN_ORDERS = {
  busiest: (a: OriginRow, b: OriginRow) => b.done - a.done,
  failed: (a: OriginRow, b: OriginRow) => b.failed - a.failed || b.done - a.done,
  slowest: (a: OriginRow, b: OriginRow) => (b.p95 ?? -1) - (a.p95 ?? -1),
  name: (a: OriginRow, b: OriginRow) => (a.origin < b.origin ? -1 : 1),
};

/** As the server does it (`ItemQuery`). */
function matches(item: ItemDetail, { state, status, code, origin, text }: ItemQuery): boolean {
  const among = (list: string | undefined, value: string | null) =>
    !list || (value !== null && list.split(",").includes(value));
  return (
    among(state, item.state) &&
    among(code, item.code) &&
    (!origin || item.origin === origin) &&
    (!text || item.url.toLowerCase().includes(text.toLowerCase())) &&
    (!status || status.split(",").some(part => hasStatus(item.status, part.trim())))
  );
}

function hasStatus(status: number | null, part: string): boolean {
  if (part === "none") return status === null;
  if (status === null) return false;
  if (/^[1-5]xx$/i.test(part)) return Math.floor(status / 100) === Number(part[0]);
  const [from, to = from] = part.split("-").map(Number);
  return status >= from! && status <= to!;
}
