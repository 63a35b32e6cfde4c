import type {
  ControlAnswer,
  ControlRequest,
  ItemCount,
  ItemDetail,
  ItemPage,
  ItemQuery,
  JobFacts,
  OpenItems,
  OriginPage,
  OriginQuery,
  Series,
  Snapshot,
} from "../protocol.ts";

/** Where the page's figures come from: a server, or the report that they stand in. */
export interface DataSource {
  /** Whether figures still come in; a report is as it was made. */
  readonly kind: "live" | "report";
  /** Of a report: when it was made, and how many items it does not hold. */
  readonly report?: { readonly madeAt: number; readonly left: number };
  job(): Promise<JobFacts>;
  /** Calls back for each snapshot, and when the connection is lost or there again. @returns ends it */
  watch(seen: (snapshot: Snapshot) => void, connected: (is: boolean) => void): () => void;
  /** @param origin of which; undefined for the whole job */
  series(origin: string | undefined): Promise<Series>;
  origins(query: OriginQuery): Promise<OriginPage>;
  items(query: ItemQuery): Promise<ItemPage>;
  countItems(query: ItemQuery): Promise<ItemCount>;
  open(): Promise<OpenItems>;
  item(number: number): Promise<ItemDetail>;
  control(request: ControlRequest): Promise<ControlAnswer>;
}
