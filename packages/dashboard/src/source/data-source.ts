import type {
  ControlAnswer,
  ControlRequest,
  ItemCount,
  ItemDetail,
  ItemPage,
  ItemQuery,
  JobFacts,
  Series,
  Snapshot,
} from "../protocol.ts";

/** Where the page's figures come from: a server, or the report that they stand in. */
export interface DataSource {
  /** Whether figures still come in; a report is as it is. */
  readonly kind: "live" | "report";
  job(): Promise<JobFacts>;
  /** Calls back for each snapshot, and when the connection is lost or there again. @returns ends it */
  watch(seen: (snapshot: Snapshot) => void, connected: (is: boolean) => void): () => void;
  /** @param origin of which; undefined for the whole job */
  series(origin: string | undefined): Promise<Series>;
  items(query: ItemQuery): Promise<ItemPage>;
  countItems(query: ItemQuery): Promise<ItemCount>;
  item(number: number): Promise<ItemDetail>;
  control(request: ControlRequest): Promise<ControlAnswer>;
}
