import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, originServer, test } from "@skein/testkit";
import { FOREIGN_FLAGS } from "../src/cli/foreign-flags.ts";
import { runSkein, scratchDirectory } from "./run-skein.ts";

/** What a person gets wrong, what they are told, and the exit code: all before anything is sent. */
const FETCH_MISTAKES: [args: string, code: number, message: string][] = [
  ["--concurency 3 list -o out.jsonl", 2, "unknown option '--concurency'\n(Did you mean --concurrency?)"],
  [
    "list",
    2,
    "-o FILE is needed for the results: they go to a file, which also makes the same command continue",
  ],
  ["list -o -", 2, "-o: results can't go to standard output"],
  ["list -o", 2, "option '-o, --output <file>' argument missing"],
  ["-o out.jsonl", 2, "which URLs?"],
  ["nonsense -o out.jsonl", 2, '"nonsense" is neither a file that exists nor a URL'],
  ["ftp://example.com/a -o out.jsonl", 2, 'the scheme "ftp" is not supported; expected http or https'],
  ["http://example.com:99999/ -o out.jsonl", 2, "is not a URL; expected one such as"],
  ["list - -o out.jsonl", 2, "list can't stand beside others"],
  ["empty -o out.jsonl", 2, "the list empty is empty: it holds no URL"],
  ["comments -o out.jsonl", 2, "the list comments is empty: it holds no URL"],
  ["list -o list", 2, "-o: list is the list itself"],
  ["list -o list --fresh", 2, "-o: list is the list itself"],
  [
    "res.rejects.jsonl -o res.jsonl",
    2,
    "-o: the job of res.jsonl writes res.rejects.jsonl itself, which is the",
  ],
  ["res.rejects.jsonl -o res.jsonl --fresh", 2, "-o: the job of res.jsonl writes res.rejects.jsonl itself"],
  ["list -o foreign.txt", 2, "no journal says that a job wrote it\nGive another file with -o"],
  [
    "list -o out.jsonl -j abc",
    2,
    '-j, --concurrency: expected a whole number from 1 to 10000, or auto; got "abc"',
  ],
  ["list -o out.jsonl --per-host 0", 2, '--per-host: expected a whole number from 1 to 10000; got "0"'],
  ["list -o out.jsonl --per-domain x", 2, '--per-domain: expected a whole number from 1 to 10000; got "x"'],
  [
    "list -o out.jsonl --limit-rate 0",
    2,
    '--limit-rate: expected a size of at least one byte, such as 500kb, 64kib or 10mb; got "0"',
  ],
  ["list -o out.jsonl --threads 0", 2, '--threads: expected a whole number from 1 to 256; got "0"'],
  [
    "list -o out.jsonl --threads 2 --rate 5/s",
    2,
    "--rate holds for all hosts together, which threads do not share: leave out --threads",
  ],
  ["list -o out.jsonl --threads 2 --limit-rate 1mb", 2, "--limit-rate holds for all hosts together"],
  ["list -o out.jsonl --threads 2 --ordered", 2, "--ordered holds for all hosts together"],
  ["list -o out.jsonl --rate fast", 2, "--rate: expected so many a time, such as 100/s"],
  ["list -o out.jsonl --rate-host 0/s", 2, "--rate-host: expected so many a time, such as 100/s"],
  ["list -o out.jsonl --attempts 1.5", 2, '--attempts: expected a whole number from 1 to 10000; got "1.5"'],
  [
    "list -o out.jsonl --timeout 30",
    2,
    "--timeout: 30 of what? Write 30s for seconds, 30ms for milliseconds",
  ],
  [
    "list -o out.jsonl --retry-on 700",
    2,
    "--retry-on: expected statuses, classes and ranges from 200 to 599, such as 2xx,404 or 200-299,304",
  ],
  ["list -o out.jsonl --retry-max-time soon", 2, "--retry-max-time: expected a duration from 1ms to 24h"],
  ["list -o out.jsonl --connect-timeout 5", 2, "--connect-timeout: 5 of what? Write 5s for seconds"],
  [
    "list -o out.jsonl --deadline 0s",
    2,
    '--deadline: expected a duration from 1ms to 24h, such as 500ms, 30s or 2m; got "0s"',
  ],
  [
    "list -o out.jsonl --max-errors few",
    2,
    '--max-errors: expected a whole number, or a share below 100%, such as 5%; got "few"',
  ],
  ["list -o out.jsonl --max-errors 100%", 2, "--max-errors: expected a whole number, or a share below 100%"],
  [
    "list -o out.jsonl --max-errors 3 --fail-fast",
    2,
    "--fail-fast stops at the first failure, so --max-errors",
  ],
  ["list -o out.jsonl --log out.jsonl", 2, "--log: out.jsonl is another file of this job"],
  ["list -o out.jsonl --log list", 2, "--log: list is another file of this job"],
  ["list -o out.jsonl --log nowhere/log", 3, "--log: can't write nowhere/log: "],
  ["list -o out.jsonl --timeout soon", 2, "--timeout: expected a duration from 1ms to 24h"],
  ["list -o out.jsonl --max-body big", 2, "--max-body: expected a size of at least one byte"],
  ["list -o out.jsonl --accept-status ok", 2, "--accept-status: expected statuses, classes and ranges"],
  ["list -o out.jsonl --body all", 2, "Allowed choices are inline, none."],
  ["list -o out.jsonl --body none --save-bodies x", 2, "--body and --save-bodies each say where bodies go"],
  ["list -o out.jsonl --fresh --retry-failed", 2, "leave one of them out"],
  ["list -o out.jsonl -X A(B)", 2, "-X, --method: expected a method"],
  ["list -o out.jsonl -H nocolon", 2, '-H, --header: expected "Name: value"'],
  ["list -o out.jsonl -d a --json 1", 2, "-d, --data and --json each give a body"],
  ["list -o out.jsonl -d a -d b", 2, "-d, --data was given twice"],
  ["list -o out.jsonl --json {", 2, "--json: not valid JSON"],
  ["list -o out.jsonl -k --cacert list", 2, "leave one of them out"],
  [
    "- -o out.jsonl -d @-",
    2,
    "the list (-) and the body (-d @-, --json @-) can't both come from standard input",
  ],
  ["missing.txt -o out.jsonl", 3, "missing.txt: there is no such file"],
  ["folder -o out.jsonl", 3, "folder is a directory; expected a file with one URL a line"],
  ["list -o nowhere/out.jsonl", 3, "there is no directory"],
  ["list -o folder", 2, "-o: folder is a directory; expected a file, such as folder/results.jsonl"],
  ["list -o /dev/null", 2, "-o: /dev/null is not a regular file"],
  ["list -o out.jsonl --cacert missing.pem", 3, "--cacert: can't read missing.pem"],
  ["list -o out.jsonl -d @missing.bin", 3, "-d, --data: can't read missing.bin"],
];

describe("skein fetch, used wrongly", () => {
  test.each(FETCH_MISTAKES)("fetch %s: %d", async (args, code, message) => {
    await using origin = await originServer();
    const cwd = scratchDirectory();
    mkdirSync(join(cwd, "folder"));
    writeFileSync(join(cwd, "list"), `${origin.url}/ok\n`);
    writeFileSync(join(cwd, "empty"), "");
    writeFileSync(join(cwd, "comments"), "# nothing\n\n");
    writeFileSync(join(cwd, "foreign.txt"), "mine\n");
    writeFileSync(join(cwd, "res.rejects.jsonl"), `${origin.url}/ok\n`);
    const end = await runSkein(["fetch", ...args.split(" ")], { cwd });
    expect(end.stderr).toContain(message);
    expect(end.stderr).toMatch(/^skein: /);
    expect(end.stderr).not.toMatch(/\n {4}at /);
    expect(end).toMatchObject({ code, stdout: "" });
    expect(origin.requestCount).toBe(0);
  });

  test("a line break in a header, with the secret kept out of the message", async () => {
    await using origin = await originServer();
    const cwd = scratchDirectory();
    const header = "Authorization: hunter2\r\nX-Evil: 1";
    const end = await runSkein(["fetch", `${origin.url}/ok`, "-o", "out.jsonl", "-H", header], { cwd });
    expect(end).toMatchObject({ code: 2, stdout: "" });
    expect(end.stderr).toContain("-H, --header: the value of Authorization holds a line break");
    expect(end.stderr).not.toContain("hunter2");
    expect(origin.requestCount).toBe(0);
  });

  test.skipIf(process.getuid?.() === 0)("a list that may not be read", async () => {
    const cwd = scratchDirectory();
    writeFileSync(join(cwd, "list"), "https://example.com\n");
    chmodSync(join(cwd, "list"), 0o000);
    const end = await runSkein(["fetch", "list", "-o", "out.jsonl"], { cwd });
    expect(end.code).toBe(3);
    expect(end.stderr).toContain("list");
  });
});

describe("skein, used wrongly", () => {
  test.each([
    ["", "Usage: skein"],
    ["fecth", "unknown command 'fecth'\n(Did you mean fetch?)"],
    ["https://example.com", "which command? To print one answer: skein get URL"],
    ["get", "missing required argument 'URL'"],
    ["get a.example b.example", "too many arguments for 'get'"],
    ["get http://", "is not a URL"],
    ["get gopher://example.com", 'the scheme "gopher" is not supported'],
    ["get example.com --timout 3s", "unknown option '--timout'\n(Did you mean --timeout?)"],
    [
      "get example.com -sS",
      "unknown option '-sS'\n(Instead: nothing but the answer is printed, so leave it out;",
    ],
    ["get example.com --max-time=3", "unknown option '--max-time=3'\n(Instead: --timeout, for one answer;"],
    ["fetch list -o out.jsonl --parallel-max 9", "unknown option '--parallel-max'\n(Instead: -j)"],
    ["get example.com --timeout 0s", "--timeout: expected a duration from 1ms to 24h"],
  ])("%s", async (args, message) => {
    const end = await runSkein(args.split(" ").filter(Boolean));
    expect(end).toMatchObject({ code: 2, stdout: "" });
    expect(end.stderr).toContain(message);
  });
});

test("what other tools call otherwise is no flag of ours, and what stands for it is one", async () => {
  const helps = await Promise.all(
    ["fetch", "get", "download"].map(command => runSkein([command, "--help"]).then(({ stdout }) => stdout)),
  );
  const ours = new Set(helps.join("\n").match(/(?<=[ ,])--?[a-z][\w.-]*/gi));
  const flags = FOREIGN_FLAGS.flatMap(({ instead }) => instead.match(/(?<=^|[ (])--?[a-z][\w-]*/gi) ?? []);
  expect(flags.length).toBeGreaterThan(20);
  expect(flags.filter(flag => !ours.has(flag))).toEqual([]);
  expect(FOREIGN_FLAGS.filter(({ flag }) => flag.startsWith("--") && ours.has(flag))).toEqual([]);
});

describe("help", () => {
  test.each(["", "fetch", "get", "post", "put", "patch", "delete", "head"])(
    "skein %s --help has examples, and fits 80 columns",
    async command => {
      const end = await runSkein([...command.split(" ").filter(Boolean), "--help"]);
      expect(end).toMatchObject({ code: 0, stderr: "" });
      expect(end.stdout).toContain("Examples:");
      expect(end.stdout).toContain("Exit codes:");
      const text = Buffer.from(end.stdout, "latin1").toString();
      const lines = text.split("\n").map(line => line.length);
      expect(Math.max(...lines)).toBeLessThanOrEqual(80);
    },
  );

  test("--version", async () => {
    expect(await runSkein(["--version"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});
