import type {
  ApiError,
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
import type { DataSource } from "./data-source.ts";

const POINTS = 300;
/** Snapshots come once a second: after so long without one nobody is there any more. */
const SILENCE_MS = 4_000;

/** The server that the page came from. */
export class LiveSource implements DataSource {
  readonly kind = "live";
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  job(): Promise<JobFacts> {
    return this.#ask("job");
  }

  watch(seen: (snapshot: Snapshot) => void, connected: (is: boolean) => void): () => void {
    // It connects again by itself.
    const events = new EventSource(`api/events?${new URLSearchParams({ token: this.#token })}`);
    let silence: ReturnType<typeof setTimeout> | undefined;
    const expectMore = () => {
      clearTimeout(silence);
      silence = setTimeout(() => connected(false), SILENCE_MS);
    };
    events.addEventListener("snapshot", event => {
      connected(true);
      expectMore();
      seen(JSON.parse(event.data) as Snapshot);
    });
    events.onerror = () => connected(false);
    return () => {
      clearTimeout(silence);
      events.close();
    };
  }

  series(origin: string | undefined): Promise<Series> {
    return this.#ask("series", { points: POINTS, ...(origin !== undefined && { origin }) });
  }

  origins(query: OriginQuery): Promise<OriginPage> {
    return this.#ask("origins", query);
  }

  items(query: ItemQuery): Promise<ItemPage> {
    return this.#ask("items", query);
  }

  countItems(query: ItemQuery): Promise<ItemCount> {
    return this.#ask("items/count", query);
  }

  open(): Promise<OpenItems> {
    return this.#ask("open");
  }

  item(number: number): Promise<ItemDetail> {
    return this.#ask(`items/${number}`);
  }

  control(request: ControlRequest): Promise<ControlAnswer> {
    return this.#fetch("control", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
    });
  }

  #ask<T>(path: string, query: object = {}): Promise<T> {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
    const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
    return this.#fetch(`${path}${search.size === 0 ? "" : `?${search}`}`, {});
  }

  async #fetch<T>(path: string, init: RequestInit): Promise<T> {
    const headers = { ...init.headers, authorization: `Bearer ${this.#token}` };
    const response = await fetch(`api/${path}`, { ...init, headers }).catch(() => {
      throw new Error("Skein does not answer: has it ended?");
    });
    const answer = (await response.json()) as T & Partial<ApiError>;
    if (!response.ok) throw new Error(answer.error ?? `status ${response.status}`);
    return answer;
  }
}
