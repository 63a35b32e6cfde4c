// node harvest.ts https://api.example.com/orders FILE: writes every order of an API, with its details, as JSON lines.

import { open } from "node:fs/promises";
import { Client } from "../../packages/skein/src/entry/node.ts";

/** An entry of the list, which comes in pages. */
interface Entry {
  readonly id: number;
  /** Where its details are. */
  readonly url: string;
}

export interface HarvestSettings {
  /** What the API allows, such as "10/s". It holds for the details; a page is one request for many of them. */
  readonly rate: string;
  readonly concurrency: number;
}

export type Harvested =
  | { readonly id: number; readonly order: object }
  | { readonly id: number; readonly error: string };

/**
 * The orders of all pages, each asked for by itself, as they come. Pages are read as fast as they are needed. A 429 is obeyed:
 * nothing more of the batch is sent before its Retry-After is over, and what was refused is asked again then.
 */
export async function* harvest(
  client: Client,
  list: string,
  { rate, concurrency }: HarvestSettings,
): AsyncGenerator<Harvested> {
  const orders = client.batch(entries(client, list), {
    request: ({ url }) => new URL(url, list),
    // An entry moves to the next page while new ones come in before it: it is there twice.
    key: ({ id }) => String(id),
    parse: response => response.json<object>(),
    perOriginRate: rate,
    concurrency,
  });
  for await (const task of orders) {
    const { id } = task.input;
    if (task.state !== "succeeded") yield { id, error: task.error.message };
    else if (task.duplicateOf === undefined) yield { id, order: task.value };
  }
}

async function* entries(client: Client, list: string): AsyncGenerator<Entry> {
  for await (const page of client.paginate(list)) yield* page.json<Entry[]>();
}

if (import.meta.main) {
  const [list = "", path = ""] = process.argv.slice(2);
  await using client = new Client({ timeout: "1m" });
  await using file = await open(path, "w");
  let failed = 0;
  for await (const row of harvest(client, list, { rate: "50/s", concurrency: 10 })) {
    if ("error" in row) failed += 1;
    await file.write(`${JSON.stringify(row)}\n`);
  }
  if (failed > 0) {
    console.error(`${failed} orders could not be read`);
    process.exitCode = 1;
  }
}
