import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, originServer, test } from "@skein/testkit";
import { parse } from "csv-parse/sync";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { type JobRow, jobRows } from "../src/entry/jobs.ts";
import { readRows, runSkein, SKEIN_MAIN, scratchDirectory } from "./run-skein.ts";

/** A directory in which a job of 30 URLs has ended, each third with 404, and the program in it. */
async function workplace(origin: { readonly url: string }) {
  const cwd = scratchDirectory();
  const urls = Array.from(
    { length: 30 },
    (_, i) => `${origin.url}/${i % 3 === 0 ? "status/404" : `bytes/${i}`}?a="x,y"\n`,
  );
  writeFileSync(join(cwd, "urls.txt"), urls.join(""));
  const skein = (...args: string[]) => runSkein(args, { cwd });
  await skein("fetch", "urls.txt", "-o", "out.jsonl", "-q");
  return {
    cwd,
    skein,
    output: join(cwd, "out.jsonl"),
    read: (name: string) => readFileSync(join(cwd, name), "utf8"),
  };
}

describe("skein export", () => {
  test("a table that another reader finds to be the rows", async () => {
    await using origin = await originServer();
    const { skein, output, read } = await workplace(origin);
    const { code, stdout, stderr } = await skein("export", "out.jsonl", "-o", "out.csv");
    expect([code, stdout, stderr]).toEqual([0, "", "30 rows exported\n"]);
    const table: Record<string, string>[] = parse(read("out.csv"), { columns: true });
    const expected = readRows(output).map(row => ({
      ...{
        id: String(row.id),
        url: row.url,
        state: row.state,
        status: String(row.status),
        sha256: row.sha256 ?? "",
      },
      ...{ error: row.error?.code ?? "", message: row.error?.message ?? "" },
    }));
    expect(table).toHaveLength(30);
    expect(
      table.map(({ id, url, state, status, sha256, error, message }) => ({
        id,
        url,
        state,
        status,
        sha256,
        error,
        message,
      })),
    ).toEqual(expected);
  });

  test.each([
    ["t.csv.gz", "gzip"],
    ["t.tsv.zst", "zstd"],
    ["t.ndjson.gz", "gzip"],
  ])("packed as its name %s says", async (name, unpacker) => {
    await using origin = await originServer();
    const { cwd, skein, read } = await workplace(origin);
    expect(await skein("export", "out.jsonl", "-o", name)).toMatchObject({ code: 0 });
    const text = execFileSync(unpacker, ["-dcq", join(cwd, name)], { encoding: "utf8" });
    if (name.startsWith("t.ndjson")) return expect(text).toBe(read("out.jsonl"));
    const rows: string[][] = parse(text, { delimiter: name.includes("tsv") ? "\t" : "," });
    expect(rows.slice(1).map(row => row.slice(0, 2))).toEqual(
      readRows(join(cwd, "out.jsonl")).map(({ id, url }) => [String(id), url]),
    );
  });

  test("a Parquet file that another reader finds to be the rows", async () => {
    await using origin = await originServer();
    const { cwd, skein, output } = await workplace(origin);
    const columns = ["--fields", "id,status,served,error", "--where", "status=404"];
    const { stderr } = await skein("export", "out.jsonl", "-o", "t.parquet", ...columns);
    expect(stderr).toBe("10 rows exported\n");
    const found = await parquetReadObjects({ file: await asyncBufferFromFile(join(cwd, "t.parquet")) });
    const rows: JobRow[] = [];
    for await (const row of jobRows(output)) if (row.status === 404) rows.push(row);
    expect(found).toEqual(
      rows.map(({ id, timings }) => ({
        id: String(id),
        status: 404,
        served: timings!.served,
        error: "HTTP_STATUS",
      })),
    );
    expect(readdirSync(cwd).filter(name => name.includes(".part"))).toEqual([]);
    expect(await skein("export", "out.jsonl", "-o", "t.parquet")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("t.parquet exists"),
    });
  });

  test("some rows and some columns, to standard output and with tabs", async () => {
    await using origin = await originServer();
    const { skein } = await workplace(origin);
    const args = ["--format", "tsv", "--where", "status=404,id<10", "--fields", "id,status,error"];
    const refused = await skein("export", "out.jsonl", ...args);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("id is a text; expected") });
    const { code, stdout, stderr } = await skein("export", "out.jsonl", ...args.with(3, "status=404"));
    expect([code, stderr]).toEqual([0, "10 rows exported\n"]);
    const lines = stdout.split("\n");
    expect(lines[0]).toBe("id\tstatus\terror");
    expect(lines.slice(1, 11).every(line => /^\d+\t404\tHTTP_STATUS$/.test(line))).toBe(true);
    expect(lines.slice(11)).toEqual([""]);
  });

  test("JSON lines are kept as they are", async () => {
    await using origin = await originServer();
    const { skein, read } = await workplace(origin);
    await skein("export", "out.jsonl", "--where", "state=succeeded", "-o", "good.jsonl");
    const wanted = read("out.jsonl")
      .split("\n")
      .filter(line => line.includes('"state":"succeeded"'));
    expect(read("good.jsonl")).toBe(wanted.map(line => `${line}\n`).join(""));
    expect(wanted).toHaveLength(20);
  });

  test("cells that a spreadsheet would run are made harmless, unless they are wanted as they are", async () => {
    const cwd = scratchDirectory();
    const row = {
      v: 1,
      id: "=cmd|' /C calc'!A0",
      url: "https://a.test/",
      state: "succeeded",
      contentType: "+SUM(1)",
    };
    writeFileSync(join(cwd, "out.jsonl"), `${JSON.stringify(row)}\n`);
    const flags = ["export", "out.jsonl", "--fields", "id,contentType"];
    const { stdout } = await runSkein(flags, { cwd });
    expect(parse(stdout)[1]).toEqual([`'${row.id}`, `'${row.contentType}`]);
    const { stdout: raw } = await runSkein([...flags, "--formulas"], { cwd });
    expect(parse(raw)[1]).toEqual([row.id, row.contentType]);
  });

  test("of a table that a link of another name leads to", async () => {
    await using origin = await originServer();
    const { cwd, skein } = await workplace(origin);
    await skein("fetch", "urls.txt", "-o", "table.csv", "-q");
    symlinkSync("table.csv", join(cwd, "link.jsonl"));
    expect(await skein("export", "link.jsonl")).toEqual(await skein("export", "table.csv"));
  });

  test("no file of its job is overwritten, not even with --force", async () => {
    await using origin = await originServer();
    const { cwd, skein } = await workplace(origin);
    writeFileSync(join(cwd, "bad.txt"), `${origin.url}/ok\na bad line\n`);
    await skein("fetch", "bad.txt", "-o", "all-{shard}.jsonl", "--shard-size", "1kb", "-q");
    for (const name of ["all-00001.jsonl", "all-{shard}.jsonl.job.db", "all.rejects.jsonl"]) {
      const before = readFileSync(join(cwd, name));
      const { code, stderr } = await skein(
        "export",
        "all-{shard}.jsonl",
        "-o",
        name,
        "--force",
        "--format",
        "csv",
      );
      expect([code, stderr]).toEqual([2, expect.stringContaining(`${name} is what is read`)]);
      expect(readFileSync(join(cwd, name)).equals(before)).toBe(true);
    }
  });

  test("a standard output that takes no more is told, once, without rows that were exported", async () => {
    await using origin = await originServer();
    const { cwd } = await workplace(origin);
    for (const format of ["csv", "jsonl"]) {
      const command = `"${process.execPath}" "${SKEIN_MAIN}" export out.jsonl --format ${format} > /dev/full`;
      const end = spawnSync("sh", ["-c", command], { cwd, encoding: "utf8" });
      expect(end.stderr).toBe(
        "skein: can't write to standard output: ENOSPC: no space left on device, write\n",
      );
      expect(end.status).toBe(3);
    }
  });

  test("a file that exists is not overwritten but with --force, an output of a job never", async () => {
    await using origin = await originServer();
    const { cwd, skein, read } = await workplace(origin);
    writeFileSync(join(cwd, "mine.csv"), "mine");
    const refused = await skein("export", "out.jsonl", "-o", "mine.csv");
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("mine.csv exists; to overwrite it, add --force"),
    });
    expect(read("mine.csv")).toBe("mine");
    expect((await skein("export", "out.jsonl", "-o", "mine.csv", "--force")).code).toBe(0);
    const before = read("out.jsonl");
    for (const target of ["out.jsonl", "./out.jsonl"])
      expect((await skein("export", "out.jsonl", "-o", target, "--force")).code).toBe(2);
    writeFileSync(join(cwd, "copy.jsonl"), before);
    expect((await skein("export", "copy.jsonl", "-o", "out.jsonl", "--force")).code).toBe(2);
    expect(read("out.jsonl")).toBe(before);
  });

  test("what is cut off at the end is left out; a line that is no row stops it, and leaves no file", async () => {
    await using origin = await originServer();
    const { cwd, skein, output } = await workplace(origin);
    appendFileSync(output, '{"v":1,"id":99,"url":"cut');
    expect(await skein("export", "out.jsonl", "-o", "a.csv")).toMatchObject({
      code: 0,
      stderr: "30 rows exported\n",
    });
    appendFileSync(output, "\n");
    const { code, stderr } = await skein("export", "out.jsonl", "-o", "b.csv");
    expect(code).toBe(3);
    expect(stderr).toMatch(/^skein: line 31 of out\.jsonl is no JSON\n/);
    expect(readdirSync(cwd).filter(name => name.startsWith("b.csv"))).toEqual([]);
  });

  test.each([
    [["export", "none.jsonl"], 3, "can't read none.jsonl: there is no such file"],
    [["export", "out.jsonl", "--fields", "id,colour"], 2, 'there is no field "colour"; known: id, url,'],
    [
      ["export", "out.jsonl", "--format", "jsonl", "--fields", "id"],
      2,
      "--fields: a row of JSON lines is kept whole",
    ],
    [["export", "out.jsonl", "-o", "no/such/dir.csv"], 3, "can't write no/such/dir.csv"],
    [["export", "out.jsonl", "-o", "no/such/dir.parquet"], 3, "writing no/such/dir.parquet"],
    [
      ["export", "out.jsonl", "-o", "a.xlsx"],
      2,
      "-o: a.xlsx does not say what it is to be; expected a name that ends",
    ],
    [["export", "out.jsonl", "-o", "a.parquet.gz"], 2, "-o: the name of a Parquet file ends in .parquet"],
    [
      ["export", "out.jsonl", "-o", "a.parquet", "--format", "csv"],
      2,
      "a.parquet says that it is Parquet, not csv",
    ],
    [["export", "out.jsonl", "--format", "parquet"], 2, "--format parquet: expected a file for it"],
    [["export", "out.jsonl", "--format", "xml"], 2, "Allowed choices are csv, tsv, jsonl, parquet"],
  ])("says what is wrong: %j", async (args, code, message) => {
    const cwd = scratchDirectory();
    if (args[1] === "out.jsonl")
      writeFileSync(join(cwd, "out.jsonl"), '{"v":1,"id":1,"url":"https://a.test/","state":"succeeded"}\n');
    const ended = await runSkein(args, { cwd });
    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain(message);
    expect(existsSync(join(cwd, "no"))).toBe(false);
  });
});

test("jobRows: the rows of an output, for programs", async () => {
  await using origin = await originServer();
  const { output } = await workplace(origin);
  const rows: JobRow[] = [];
  for await (const row of jobRows(output)) rows.push(row);
  expect(rows).toEqual(readRows(output));
  await expect(jobRows(`${output}.none`).next()).rejects.toMatchObject({ code: "FILE_FAILED" });
});
