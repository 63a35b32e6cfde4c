import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { type Entry, KINDS } from "./url-list.ts";

/** How the items of one kind ended. */
export interface KindResult {
  readonly name: string;
  readonly expected: number;
  /** Items that ended as they should. */
  readonly right: number;
}

export interface Check {
  readonly kinds: readonly KindResult[];
  /** What is wrong, in words; empty when all is as expected. */
  readonly faults: readonly string[];
}

/** Compares the rows of a results file with the list: each item is there once, and ended as its kind should. */
export async function checkResults(path: string, entries: readonly Entry[]): Promise<Check> {
  const right = new Map(KINDS.map(kind => [kind, 0]));
  const seen = new Set<number>();
  const faults: string[] = [];
  for await (const text of createInterface({ input: createReadStream(path) })) {
    const row = JSON.parse(text) as { id: number; url: string; state: string };
    const entry = entries[row.id - 1];
    if (seen.has(row.id)) faults.push(`item ${row.id} occurs twice`);
    seen.add(row.id);
    if (entry === undefined || entry.url !== row.url) faults.push(`item ${row.id} is another: ${row.url}`);
    else if (row.state !== entry.kind.ending) faults.push(`item ${row.id} ${row.state}: ${row.url}`);
    else right.set(entry.kind, right.get(entry.kind)! + 1);
  }
  if (seen.size !== entries.length) faults.push(`${seen.size} of ${entries.length} items are there`);
  const kinds = KINDS.map(kind => ({
    name: `${kind.name}: ${kind.ending}`,
    expected: entries.filter(entry => entry.kind === kind).length,
    right: right.get(kind)!,
  }));
  return { kinds, faults };
}
