import type { DatabaseSync, StatementSync } from "node:sqlite";

/** So many are at hand; one that is not is looked up. */
const AT_HAND = 10_000;

/** The numbers that stand for origins in a journal. */
export class OriginIds {
  readonly #database: DatabaseSync;
  readonly #byPrefix = new Map<string, number | null>();
  #insert: StatementSync | undefined;
  #find: StatementSync | undefined;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Null where the text is no URL. */
  idOf(url: string): number | null {
    const prefix = prefixOf(url);
    let id = this.#byPrefix.get(prefix);
    if (id !== undefined) return id;
    const origin = URL.canParse(prefix) ? new URL(prefix).origin : "null";
    id = origin === "null" ? null : this.#idOfOrigin(origin);
    if (this.#byPrefix.size >= AT_HAND) this.#byPrefix.clear();
    // A copy of its own: a part of the URL would keep the whole text that it was cut from.
    this.#byPrefix.set(Buffer.from(prefix).toString(), id);
    return id;
  }

  clear(): void {
    this.#byPrefix.clear();
  }

  #idOfOrigin(origin: string): number {
    this.#insert ??= this.#database.prepare("INSERT OR IGNORE INTO origins (origin) VALUES (?)");
    this.#find ??= this.#database.prepare("SELECT id FROM origins WHERE origin = ?");
    this.#insert.run(origin);
    return Number(this.#find.get(origin)!.id);
  }
}

/** All before the path; of `https://a?b` the whole, and that does no harm. */
function prefixOf(url: string): string {
  const slashes = url.indexOf("//");
  const end = slashes < 0 ? -1 : url.indexOf("/", slashes + 2);
  return end < 0 ? url : url.slice(0, end);
}
