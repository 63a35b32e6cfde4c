import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { testTitles } from "./test-titles.ts";

/**
 * Checks docs/httpx-parity.md and docs/cases.md: each row names the tests that hold what it says, as a link to a file (whose address stands
 * below the tables) and the title of a test in it that runs, or says "not yet". Fails naming the row.
 */
const FEWEST_ROWS = 5;
const NOT_YET = "not yet";
const REFERENCE = /\[(?<link>[^\]]+)\] › "(?<title>.+?)"(?=$|<br>)/g;
const ADDRESS = /^\[([^\]]+)\]: (\S+)$/gm;

interface Row {
  readonly line: number;
  readonly feature: string;
  readonly test: string;
}

/** The rows of all tables whose last column is headed "test". */
function parseRows(text: string): Row[] {
  const rows: Row[] = [];
  let inTable = false;
  for (const [index, line] of text.split("\n").entries()) {
    if (!line.startsWith("|")) inTable = false;
    else {
      const cells = cellsOf(line);
      const [feature = "", test = ""] = [cells[0], cells.at(-1)];
      if (test === "test") inTable = true;
      else if (inTable && !/^[-: ]+$/.test(test)) rows.push({ line: index + 1, feature, test });
    }
  }
  return rows;
}

function cellsOf(line: string): string[] {
  return line
    .replace(/^\||\|\s*$/g, "")
    .split(/(?<!\\)\|/)
    .map(cell => cell.trim().replaceAll("\\|", "|"));
}

/** What is wrong with a row; nothing when it holds. */
function* faultsOf(row: Row, files: ReadonlyMap<string, string>): Generator<string> {
  if (row.test === NOT_YET) return;
  const references = [...row.test.matchAll(REFERENCE)];
  if (references.length === 0 || references.map(([whole]) => whole).join("<br>") !== row.test) {
    yield `expected links such as [client] › "title", or "${NOT_YET}"; got ${row.test}`;
  }
  for (const { groups } of references) {
    const { link = "", title = "" } = groups ?? {};
    const file = files.get(link);
    if (file === undefined) yield `[${link}] has no address: expected a line "[${link}]: …" below`;
    else if (!existsSync(file)) yield `[${link}]: there is no file ${file}`;
    else if (!testTitles(file).has(title)) yield `[${link}] runs no test "${title}"`;
  }
}

/** The files that links lead to, from the root of the project. */
function linkedFiles(text: string, folder: string): Map<string, string> {
  const addresses = [...text.matchAll(ADDRESS)];
  return new Map(addresses.map(([, link = "", address = ""]) => [link, join(folder, address)]));
}

/** Reports what is wrong with a table; whether nothing is. */
function check(table: string): boolean {
  const text = readFileSync(table, "utf8");
  const files = linkedFiles(text, dirname(table));
  const rows = parseRows(text);
  let faults = 0;
  for (const row of rows) {
    for (const fault of faultsOf(row, files)) {
      faults += 1;
      console.error(`${table}:${row.line}: ${row.feature}: ${fault}`);
    }
  }
  const missing = rows.filter(({ test }) => test === NOT_YET).length;
  console.log(`${table}: ${rows.length} rows, ${missing} of them not yet there, ${faults} faults`);
  if (rows.length >= FEWEST_ROWS) return faults === 0;
  console.error(`expected at least ${FEWEST_ROWS} rows: the table was not found`);
  return false;
}

const given = process.argv.slice(2);
const tables = given.length > 0 ? given : ["docs/httpx-parity.md", "docs/cases.md"];
if (!tables.map(check).every(isRight => isRight)) process.exitCode = 1;
