import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, originServer, test } from "@skein/testkit";
import { runSkein, scratchDirectory } from "./run-skein.ts";

// Mistakes that cli-usage.test.ts and the tests of each command don't have: so every message of every one is read somewhere.
// The directory holds: list (one URL), folder/, pem (no certificate), bytes (no UTF-8), rows.jsonl (a row, of no job), a.b (URL-less).

/** A message that begins with the flag, says what was expected, and where that is no secret what was given. */
type Mistake = readonly [args: string, code: number, message: string];

const FETCH: readonly Mistake[] = [
  ["list -o out.jsonl -d @", 2, "-d, --data: expected a file name after @, or - for standard input"],
  ["list -o out.jsonl --json @", 2, "--json: expected a file name after @, or - for standard input"],
  ["list -o out.jsonl --json @missing", 3, "--json: can't read missing: "],
  ["list -o out.jsonl -d @bytes", 2, "-d, --data: the body is not UTF-8 text"],
  ["list -o out.jsonl --json a --json b", 2, "--json was given twice; a request has one body"],
  ["- -o out.jsonl --json @-", 2, "the list (-) and the body (-d @-, --json @-) can't both come"],
  [
    "list -o out.jsonl --url-column 0",
    2,
    '--url-column: expected the name of a column, or its number from 1; got "0"',
  ],
  ["list -o out.jsonl --format tsv --url-column 3", 3, "can't read the list list: there is no column 3"],
  ["https://a.example/ https://b.example/ -o out.jsonl --format csv", 2, "--format tells how a list is read"],
  ["https://a.example/ -o out.jsonl --url-column u", 2, "--url-column tells how a list is read"],
  [
    "list -o out.jsonl --format xls",
    2,
    "'--format <name>' argument 'xls' is invalid. Allowed choices are lines,",
  ],
  ["list -o out.jsonl --format parquet", 3, "can't read the list list: it is no Parquet"],
  ["list -o out.jsonl --format sitemap", 3, "can't read the list list: "],
  [
    "list -o out.jsonl --dedupe all",
    2,
    "'--dedupe <how>' argument 'all' is invalid. Allowed choices are exact, url.",
  ],
  [
    "list -o out.jsonl --output-format xls",
    2,
    "'--output-format <name>' argument 'xls' is invalid. Allowed choices",
  ],
  [
    "list -o out.jsonl --output-format parquet",
    2,
    "-o, --output-format: the name of a Parquet file ends in .parquet",
  ],
  [
    "list -o out.parquet --output-format csv",
    2,
    "-o, --output-format: the name out.parquet says that it is Parquet",
  ],
  ["list -o out.xlsx", 2, "-o: out.xlsx can't be written: expected a name that ends in .jsonl, .csv,"],
  ["list -o out.csv.bz2", 2, "-o: out.csv.bz2 can't be written: expected a name that ends in .jsonl, .csv,"],
  [
    "list -o out.csv --body inline",
    2,
    '--body inline: an output of the kind "csv" has no bodies in its rows',
  ],
  [
    "list -o out.jsonl --save-bodies pem",
    2,
    "--save-bodies: pem is a file; expected a directory, or none yet",
  ],
  [
    "list -o out.jsonl --progress dots",
    2,
    "'--progress <kind>' argument 'dots' is invalid. Allowed choices are tty,",
  ],
  [
    "list -o out.jsonl --refresh -X POST",
    2,
    "--refresh: only GET, HEAD and OPTIONS are sent again; the method is POST",
  ],
  [
    "list -o out.jsonl --refresh --fresh",
    2,
    "--refresh asks for all items again, and --fresh forgets all results",
  ],
  ["list -o out.jsonl -L", 2, "unknown option '-L'"],
  ["list -o out.jsonl --retry-on", 2, "option '--retry-on <list>' argument missing"],
];

/** Of flags that every command which sends has. */
const SENDING: readonly Mistake[] = [
  ["-H A(B:c", 2, '-H, --header: "A(B" is no header name; expected letters, digits and hyphens'],
  ["-H A:hunter2\u0007", 2, "-H, --header: the value of A holds a control character; expected text"],
  ["-H A:hunter2é", 2, "-H, --header: the value of A holds a character beyond ASCII; encode it"],
  ["-H Content-Length:5", 2, "-H, --header: Content-Length says where a message ends, which is ours to say"],
  ["-H connection:close", 2, "-H, --header: connection says where a message ends, which is ours to say"],
  ["-H Transfer-Encoding:chunked", 2, "-H, --header: Transfer-Encoding says where a message ends"],
  ["--user-agent é", 2, "--user-agent: what was given holds a character beyond ASCII"],
  ["--key pem", 2, "--key is the key of a certificate: give --cert, too"],
  ["--cert pem", 3, "--cert: pem holds no certificate in PEM form"],
  ["--cacert pem", 3, "--cacert: pem holds no certificate in PEM form"],
  ["--cert missing.pem", 3, "--cert: can't read missing.pem: "],
  ["-k --cacert pem", 2, "-k checks no certificate, so --cacert would have no effect: leave one of them out"],
  ["--http1.1 --http2-prior-knowledge", 2, "--http1.1 and --http2-prior-knowledge leave nothing to speak"],
  [
    "--resolve a:1:b",
    2,
    '--resolve: expected host:port:address, such as example.com:443:127.0.0.1; got "a:1:b"',
  ],
  [
    "-x gopher://a",
    2,
    '-x, --proxy, --proxy-file: a proxy of scheme "gopher" can\'t be used; expected http,',
  ],
  [
    "-x http://",
    2,
    '-x, --proxy, --proxy-file: expected a proxy\'s URL, such as http://proxy.example:3128; got "http://"',
  ],
  ["-x http://a --proxy-file list", 2, "-x names one proxy, --proxy-file several: leave one of them out"],
  ["--proxy-file /dev/null", 3, "--proxy-file: /dev/null names no proxy"],
  ["--proxy-file missing", 3, "--proxy-file: can't read missing: "],
  [
    "--max-body 0",
    2,
    '--max-body: expected a size of at least one byte, such as 500kb, 64kib or 10mb; got "0"',
  ],
  ["--connect-timeout 5", 2, "--connect-timeout: 5 of what? Write 5s for seconds, 5ms for milliseconds"],
  ["--log no/where", 3, "--log: can't write no/where: "],
  ["--config missing.json", 3, "--config: can't read missing.json: "],
];

const SINGLE: readonly Mistake[] = [
  ["-d a --json 1", 2, "-d, --data and --json each give a body; a request has one: leave one of them out"],
  ["-d a -d b", 2, "-d, --data was given twice; a request has one body"],
  ["--session folder", 3, "--session: can't read folder: "],
  ["-F =a", 2, "-F, --form: expected name=value or name=@file; there is no name in what was given"],
  ["-o folder", 3, "-o: can't write folder: "],
  ["--first 3", 2, "unknown option '--first'"],
  ["-X", 2, "option '-X, --method <name>' argument missing"],
];

const JOBS: readonly Mistake[] = [
  [
    "retry rows.jsonl --where x",
    2,
    "--where: expected conditions such as status=429, status>=500, state=failed",
  ],
  ["retry rows.jsonl --where status=abc", 2, '--where: expected a number for status; got "abc"'],
  [
    "retry rows.jsonl --where status~4",
    2,
    "--where: status is a number; expected =, !=, <, <=, > or >=, got ~",
  ],
  [
    "retry rows.jsonl --where state<failed",
    2,
    "--where: state is a text; expected =, != or ~ (contains), got <",
  ],
  [
    "export rows.jsonl --where color=1",
    2,
    '--where: there is no field "color"; known: id, url, finalUrl, state,',
  ],
  ["export rows.jsonl -o rows.jsonl", 2, "-o: rows.jsonl is what is read; expected another file"],
  ["export rows.jsonl -o pem", 2, "-o: pem exists; to overwrite it, add --force"],
  ["export folder", 3, "can't read folder: it is no regular file"],
  ["ui rows.jsonl --port 0", 2, '--port: expected a whole number from 1 to 65535; got "0"'],
  [
    "completion powershell",
    2,
    "'powershell' is invalid for argument 'shell'. Allowed choices are bash, zsh, fish.",
  ],
  ["download ftp://a/x", 2, '"ftp://a/x": the scheme "ftp" is not supported; expected http or https'],
  ["--verson", 2, "unknown option '--verson'\n(Did you mean --version?)"],
  ...["ui", "status", "verify", "report", "retry"].flatMap((command): Mistake[] => [
    [command, 2, "missing required argument 'output'"],
    [`${command} rows.jsonl`, 2, "/rows.jsonl: there is no "],
    [`${command} rows.jsonl more`, 2, `too many arguments for '${command}'`],
    [`${command} rows.jsonl --formt`, 2, "unknown option '--formt'"],
  ]),
  ["export", 2, "missing required argument 'results'"],
  ["download", 2, "missing required argument 'URL'"],
  ["completion", 2, "missing required argument 'shell'"],
];

async function expectRefused(args: readonly string[], code: number, message: string): Promise<void> {
  const cwd = scratchDirectory();
  mkdirSync(join(cwd, "folder"));
  writeFileSync(join(cwd, "pem"), "nothing");
  writeFileSync(join(cwd, "bytes"), Buffer.from([0xff, 0xfe]));
  writeFileSync(join(cwd, "rows.jsonl"), '{"v":1,"id":1,"url":"https://a.test/","state":"succeeded"}\n');
  await using origin = await originServer();
  writeFileSync(join(cwd, "list"), `${origin.url}/ok\n`);
  const before = readdirSync(cwd);
  const end = await runSkein(
    args.map(arg => arg.replace("ORIGIN", origin.url)),
    { cwd },
  );
  expect(end.stderr).toContain(message);
  expect(end.stderr).toMatch(/^skein: /);
  expect(end.stderr).not.toMatch(/\n {4}at |hunter2/);
  expect(end.code).toBe(code);
  // What is wrong in the command line itself leads to its help.
  if (code === 2 && !message.includes("there is no ")) expect(end.stderr).toMatch(/\nTry: skein.* --help\n$/);
  expect(origin.requestCount).toBe(0);
  expect(readdirSync(cwd)).toEqual(before);
}

const words = (args: string) => args.split(" ");

describe("skein fetch", () => {
  test.each(FETCH)("%s: %d", (args, code, message) =>
    expectRefused(["fetch", ...words(args)], code, message),
  );

  test("an empty name of a column", () =>
    expectRefused(
      ["fetch", "list", "-o", "out.jsonl", "--url-column", ""],
      2,
      '--url-column: expected the name of a column, or its number from 1; got ""',
    ));

  test.each(SENDING)("list -o out.jsonl %s: %d", (args, code, message) =>
    expectRefused(["fetch", "list", "-o", "out.jsonl", ...words(args)], code, message),
  );
});

describe("skein get and download", () => {
  test.each([...SENDING, ...SINGLE])("get URL %s: %d", (args, code, message) => {
    // `-o folder` is found out when there is something to be written.
    if (args === "-o folder") return expectUnwritable(message);
    return expectRefused(["get", "ORIGIN/ok", ...words(args)], code, message);
  });

  test.each(SENDING.filter(([args]) => /^(-x|-k|--cert|--log)/.test(args)))(
    "download URL %s: %d",
    (args, code, message) => expectRefused(["download", "ORIGIN/ok", ...words(args)], code, message),
  );
});

async function expectUnwritable(message: string): Promise<void> {
  await using origin = await originServer();
  const cwd = scratchDirectory();
  mkdirSync(join(cwd, "folder"));
  const end = await runSkein(["get", `${origin.url}/ok`, "-o", "folder"], { cwd });
  expect(end).toMatchObject({ code: 3, stderr: expect.stringContaining(message) });
}

describe("commands on jobs, and the others", () => {
  test.each(JOBS)("%s: %d", (args, code, message) => expectRefused(words(args), code, message));
});

test("every message of a usage error that the sources have is read by a test", () => {
  const sources = filesIn(join(import.meta.dirname, "../src/cli")).filter(path => !path.endsWith(".test.ts"));
  const tests = [...filesIn(import.meta.dirname), ...filesIn(join(import.meta.dirname, "../src/cli"))]
    .filter(path => path.endsWith(".test.ts"))
    .map(path => readFileSync(path, "utf8").replaceAll(/\\(["'`/])/g, "$1"))
    .join("\n");
  const messages = sources.flatMap(path => messagesIn(readFileSync(path, "utf8")));
  expect(messages.length).toBeGreaterThan(60);
  expect(
    messages.filter(message => !isRead(message, tests) && !ELSEWHERE.some(part => message.includes(part))),
  ).toEqual([]);
});

/** What no test can bring about here: an installation without its page, and a Node before 22.18. */
const ELSEWHERE = ["the page of reports is missing", "can't run TypeScript"];

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter(name => name.endsWith(".ts"))
    .map(name => join(folder, name));
}

/** The first text in the parentheses of each error. */
function messagesIn(source: string): string[] {
  const made =
    /(?:new (?:UsageError|FileError)|throw expected)\(\s*(?:[\w.]+,\s*)?(["`])((?:\\.|(?!\1)[^\\])*)\1/g;
  return [...source.matchAll(made)].map(([, , text = ""]) => text);
}

/** Of a template, the words that are the same each time; some of them are enough. */
function isRead(message: string, tests: string): boolean {
  const parts = message.split(/\$\{[^}]*\}|[;:"\\]/).map(part => part.trim());
  const words = parts.filter(part => part.length >= 10 && !/[{}]|as Error/.test(part));
  // Of some, all is another's words.
  return words.length === 0 || words.some(part => tests.includes(part.slice(0, 24)));
}
