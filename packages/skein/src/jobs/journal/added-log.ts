import { hash } from "node:crypto";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import {
  type AddedItem,
  absoluteItem,
  addedLine,
  FIRST_ADDED,
  type FoundItems,
  requestIdentity,
} from "../source/added-item.ts";
import type { DedupeMode } from "../source/deduped-source.ts";
import type { JobItem } from "../source/items-source.ts";
import type { JobRequest } from "../source/source.ts";
import { ItemState } from "./journal-protocol.ts";

/** What the journal is told of the requests of a list, where answers may lead to the same. */
export interface ListedRequest {
  readonly line: number;
  readonly request: JobRequest;
}

/** What a group of items says of those that they led to. */
export interface FoundGroup {
  /** Which requests are the same. */
  readonly mode: DedupeMode;
  readonly listed: readonly ListedRequest[];
  readonly found: readonly FoundItems[];
}

const SELECT_OPEN = `
  SELECT added.line, depth, item, items.state FROM added LEFT JOIN items ON items.line = added.line
  WHERE added.line > ? AND coalesce(items.state, ${ItemState.sent}) = ${ItemState.sent}
  ORDER BY added.line LIMIT ?`;

const MOST_RECENT = 20_000;

/** Enough that no two requests of any job are taken for the same. */
const IDENTITY_BYTES = 16;

/**
 * The items that answers led to, each once: what has been found before, or stands in the list, is left out. Every method that
 * writes belongs to the transaction of its caller.
 */
export class AddedLog {
  readonly #database: DatabaseSync;
  #statements: ReturnType<typeof statementsOf> | undefined;
  #next: number | undefined;
  #count: number | undefined;
  /** Found of late, as JSON: most links of a page stand on the page before, too. */
  readonly #recent = new Set<string>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** How many there are. */
  get count(): number {
    this.#count ??= Number(this.#database.prepare("SELECT count(*) AS n FROM added").get()!.n);
    return this.#count;
  }

  insert({ mode, listed, found }: FoundGroup): void {
    this.#count = this.count;
    for (const { line, request } of listed) this.#list(line, identityOf(requestIdentity(request, mode)));
    for (const items of found) this.#find(items, mode);
  }

  /** Those after a line that have not ended, in the order in which they were found. */
  list(after: number, limit: number): AddedItem[] {
    const rows = this.#database.prepare(SELECT_OPEN).all(Math.max(after, FIRST_ADDED - 1), limit);
    return rows.map(({ line, depth, item, state }) => ({
      line: Number(line),
      depth: Number(depth),
      item: String(item),
      state: state === null ? undefined : Number(state),
    }));
  }

  /** All is forgotten. */
  clear(): void {
    this.#database.exec("DELETE FROM added; DELETE FROM requested");
    this.#next = undefined;
    this.#count = undefined;
    this.#recent.clear();
  }

  /** What the list has is not sent a second time: of two that are alike, the list's is the one. */
  #list(line: number, identity: Uint8Array): void {
    const { lineOf, remove, take, remember } = this.#prepared;
    const known = lineOf.get(identity);
    if (known === undefined) remember.run(identity, line);
    else if (Number(known.line) >= FIRST_ADDED && remove.run(Number(known.line)).changes === 1) {
      this.#count! -= 1;
      take.run(line, identity);
    }
  }

  #find({ parent, depth, base, items }: FoundItems, mode: DedupeMode): void {
    const { remember, add } = this.#prepared;
    for (const text of items) {
      const line = this.#nextLine();
      const item = JSON.stringify(absoluteItem(JSON.parse(text) as JobItem, base));
      if (this.#recent.has(item)) continue;
      if (this.#recent.size >= MOST_RECENT) this.#recent.clear();
      this.#recent.add(item);
      const meant = addedLine({ line, depth, item });
      const identity = meant.kind === "item" ? requestIdentity(meant.request, mode) : item;
      if (remember.run(identityOf(identity), line).changes === 0) continue;
      add.run(line, parent, depth, item);
      this.#count! += 1;
      this.#next = line + 1;
    }
  }

  #nextLine(): number {
    this.#next ??= Number(
      this.#database.prepare("SELECT coalesce(max(line) + 1, ?) AS line FROM added").get(FIRST_ADDED)!.line,
    );
    return this.#next;
  }

  get #prepared(): ReturnType<typeof statementsOf> {
    this.#statements ??= statementsOf(this.#database);
    return this.#statements;
  }
}

function statementsOf(
  database: DatabaseSync,
): Record<"lineOf" | "take" | "remember" | "add" | "remove", StatementSync> {
  return {
    lineOf: database.prepare("SELECT line FROM requested WHERE identity = ?"),
    take: database.prepare("UPDATE requested SET line = ? WHERE identity = ?"),
    remember: database.prepare("INSERT OR IGNORE INTO requested (identity, line) VALUES (?, ?)"),
    add: database.prepare("INSERT INTO added (line, parent, depth, item) VALUES (?, ?, ?, ?)"),
    // One that has been sent already stays.
    remove: database.prepare(
      "DELETE FROM added WHERE line = ? AND NOT EXISTS (SELECT 1 FROM items WHERE items.line = added.line)",
    ),
  };
}

function identityOf(text: string): Uint8Array {
  return hash("sha256", text, "buffer").subarray(0, IDENTITY_BYTES);
}
