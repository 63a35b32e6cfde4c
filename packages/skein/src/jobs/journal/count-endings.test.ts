import { DatabaseSync } from "node:sqlite";
import { expect, test } from "@skein/testkit";
import { countEndings } from "./count-endings.ts";
import { createTables } from "./journal-schema.ts";

type Ending = readonly [state: number, status: number | null, error: string | null];

function journalOf(endings: Iterable<Ending>): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  createTables(database);
  const insert = database.prepare(
    "INSERT INTO items (line, key, state, status, error) VALUES (?, 1, ?, ?, ?)",
  );
  database.exec("BEGIN");
  let line = 0;
  for (const ending of endings) insert.run(++line, ...ending);
  database.exec("COMMIT");
  return database;
}

function expectAsGrouped(database: DatabaseSync): void {
  const grouped = database
    .prepare("SELECT state, status, error, count(*) AS count FROM items GROUP BY state, status, error")
    .all();
  const order = (count: object) => JSON.stringify(Object.entries(count).sort());
  expect(countEndings(database).map(order).toSorted()).toEqual(grouped.map(order).toSorted());
}

test("nothing has ended", () => {
  expect(countEndings(journalOf([]))).toEqual([]);
});

test("a few endings, with and without a status or an error", () => {
  const endings: Ending[] = [
    [1, 200, null],
    [1, 200, null],
    [2, 404, "HTTP_STATUS"],
    [2, null, "READ_TIMEOUT"],
    [4, null, null],
    [0, null, null],
  ];
  expectAsGrouped(journalOf(endings));
});

test("more endings than are counted by themselves, and some that stand in the middle alone", () => {
  const endings = Array.from({ length: 6_000 }, (_, i): Ending => {
    if (i === 3_000) return [3, null, "INTERRUPTED"];
    return i % 7 === 0 ? [2, 400 + (i % 30), "HTTP_STATUS"] : [1, 200 + (i % 3), null];
  });
  expectAsGrouped(journalOf(endings));
});
