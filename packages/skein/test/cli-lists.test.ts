import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, originServer, test } from "@skein/testkit";
import { readRows, runSkein, scratchDirectory } from "./run-skein.ts";

describe("skein fetch of a list that is no lines", () => {
  test("a packed table, by the name of its column", async () => {
    await using origin = await originServer();
    const cwd = scratchDirectory();
    const rows = [1, 2, 3].map(n => `s${n},"a, ${n}",${origin.url}/ok?${n}\n`);
    writeFileSync(join(cwd, "shops.csv.gz"), gzipSync(`id,name,website\n${rows.join("")}`));
    const fetch = () =>
      runSkein(["fetch", "shops.csv.gz", "--url-column", "website", "-o", "out.jsonl"], { cwd });
    expect((await fetch()).code).toBe(0);
    const found = readRows(join(cwd, "out.jsonl")).sort((a, b) => String(a.id).localeCompare(String(b.id)));
    expect(found).toMatchObject([
      { id: "s1", meta: { name: "a, 1" } },
      { id: "s2", meta: { name: "a, 2" } },
      { id: "s3", meta: { name: "a, 3" } },
    ]);
    expect((await fetch()).stderr).toMatch(/is complete, so nothing is sent/);
  });

  test("by --format where the name says nothing, also on standard input", async () => {
    await using origin = await originServer();
    const cwd = scratchDirectory();
    const end = await runSkein(["fetch", "-", "--format", "tsv", "--url-column", "2", "-o", "out.jsonl"], {
      cwd,
      input: `a\t${origin.url}/ok?1\nb\t${origin.url}/ok?2\n`,
    });
    expect(end.code).toBe(0);
    expect(readRows(join(cwd, "out.jsonl")).map(({ meta }) => meta)).toEqual([{ 1: "a" }, { 1: "b" }]);
  });

  test.each([
    ["fetch t.csv --url-column site -o o.jsonl", 3, 'there is no column "site"; its columns are "a", "b"'],
    [
      "fetch t.csv --url-column 0 -o o.jsonl",
      2,
      "--url-column: expected the name of a column, or its number from 1",
    ],
    [
      "fetch t.csv --format xlsx -o o.jsonl",
      2,
      "Allowed choices are lines, jsonl, csv, tsv, sitemap, parquet",
    ],
    ["fetch t.csv -o o.parquet.gz", 2, "the name of a Parquet file ends in .parquet, without .gz or .zst"],
    [
      "fetch http://a.example --url-column 2 -o o.jsonl",
      2,
      "URLs were given instead: for a list at a URL, add --format",
    ],
    ["fetch http://a.example http://b.example --format csv -o o.jsonl", 2, "2 URLs were given instead"],
    [
      "fetch http://a.example/l.csv --format csv --dry-run",
      2,
      "the list at http://a.example/l.csv would have to be fetched first",
    ],
  ])("%s: %d", async (args, code, message) => {
    const cwd = scratchDirectory();
    writeFileSync(join(cwd, "t.csv"), "a,b\n1,2\n");
    const end = await runSkein(args.split(" "), { cwd });
    expect(end).toMatchObject({ code, stderr: expect.stringContaining(message) });
  });
});
