// `skein fetch --dry-run` and `--curl`: what would be sent, and nothing is.

import { execFile } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import {
  afterEach,
  beforeEach,
  describe,
  expect,
  type OriginServer,
  originServer,
  test,
} from "@skein/testkit";
import { runSkein, SKEIN_MAIN, scratchDirectory, startSkein } from "./run-skein.ts";

let origin: OriginServer;
let cwd: string;

beforeEach(async () => {
  origin = await originServer();
  cwd = scratchDirectory();
});

afterEach(() => origin.close());

function list(...lines: readonly unknown[]): void {
  const texts = lines.map(line => (typeof line === "string" ? line : JSON.stringify(line)));
  writeFileSync(join(cwd, "urls.txt"), texts.map(text => `${text}\n`).join(""));
}

const fetch = (...flags: string[]) => runSkein(["fetch", "urls.txt", ...flags], { cwd });

test("--dry-run prints every request as it would be sent, tells what is none, and makes no file", async () => {
  list(
    `${origin.url}/ok?1`,
    "nonsense url",
    { url: `${origin.url}/ok`, method: "PUT", headers: { "x-a": "1" }, body: "text" },
    `${origin.url.replace("//", "//user:hunter2@")}/ok`,
  );
  const { code, stdout, stderr } = await fetch(
    "--dry-run",
    "-H",
    "Accept: text/plain",
    "--robots",
    "--threads",
    "2",
  );
  const host = `host: 127.0.0.1:${origin.port}`;
  // Where Node decodes zstd soundly, that is accepted too.
  expect(stdout).toMatch(
    new RegExp(
      `^GET /ok\\?1 HTTP/1\\.1\\n${host}\\nAccept-Encoding: gzip, deflate, br(, zstd)?\\nUser-Agent: `,
    ),
  );
  expect(stdout).toMatch(/PUT \/ok HTTP\/1\.1\n(.+\n)+Accept: text\/plain\nx-a: 1\n\ntext\n/);
  expect(stdout).toMatch(/Authorization: Basic \*\*\*\n/);
  expect(stdout.match(/HTTP\/1\.1/g)).toHaveLength(3);
  expect(stderr).toBe(
    "line 2 is no request: the URL holds white space; in a URL it is written %20: nonsense url\n" +
      "3 requests to 1 host would be sent; 1 line is none. Nothing was.\n",
  );
  expect(code).toBe(1);
  expect(origin.requestCount).toBe(0);
  expect(readdirSync(cwd)).toEqual(["urls.txt"]);
});

test("--curl prints commands that send the same", async () => {
  const sent: string[] = [];
  await using server = await originServer({
    routes: {
      take: async ({ request, response }) => {
        const content = (await buffer(request)).toString();
        sent.push([request.method, request.url, request.headers["content-type"], content].join(" "));
        response.end();
      },
    },
  });
  list(`${server.url}/take?1`, { url: `${server.url}/take?2`, json: { a: "it's" } });
  const { code, stdout, stderr } = await fetch("--curl", "-d", "of all", "--timeout", "20s");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "2 requests to 1 host would be sent. Nothing was.\n" });
  expect(sent).toEqual([]);
  await promisify(execFile)("bash", ["-c", stdout.replaceAll(/^curl /gm, "curl -s ")], { cwd });
  await fetch("-d", "of all", "-o", "out.jsonl", "-j", "1");
  expect(sent).toHaveLength(4);
  expect(sent.slice(0, 2)).toEqual(sent.slice(2));
  expect(sent[1]).toBe('POST /take?2 application/json {"a":"it\'s"}');
});

describe("of a job that has begun", () => {
  test("what is left; with --retry-failed what failed, with --fresh all of it", async () => {
    list(`${origin.url}/ok?1`, `${origin.url}/status/404`, `${origin.url}/ok?2`);
    await fetch("-o", "out.jsonl");
    list(`${origin.url}/ok?1`, `${origin.url}/status/404`, `${origin.url}/ok?2`, `${origin.url}/ok?3`);
    const count = origin.requestCount;
    const targets = async (...flags: string[]) => {
      const { stdout } = await fetch("-o", "out.jsonl", "--dry-run", ...flags);
      return [...stdout.matchAll(/^GET (\S+)/gm)].map(([, target]) => target);
    };
    expect(await targets()).toEqual(["/ok?3"]);
    expect(await targets("--retry-failed")).toEqual(["/status/404", "/ok?3"]);
    expect(await targets("--fresh")).toEqual(["/ok?1", "/status/404", "/ok?2", "/ok?3"]);
    expect(origin.requestCount).toBe(count);
    // The job is as it was.
    expect((await fetch("-o", "out.jsonl")).stderr).toMatch(/^Going on with out\.jsonl: 3 were done before/);
  });

  test("a list that is another one is told", async () => {
    list(`${origin.url}/ok?1`);
    await fetch("-o", "out.jsonl");
    list(`${origin.url}/ok?2`);
    const { code, stderr } = await fetch("-o", "out.jsonl", "--dry-run");
    expect(code).toBe(2);
    expect(stderr).toMatch(/line 1 is not what it was/);
  });
});

test("the same request once, with --dedupe; standard input", async () => {
  list(`${origin.url}/ok#a`, `${origin.url}/ok#b`);
  const { stderr } = await fetch("--dry-run", "--dedupe", "url");
  expect(stderr).toMatch(
    /the same request as an earlier one.*\n1 request to 1 host would be sent; 1 line is none/,
  );
  const piped = await runSkein(["fetch", "-", "--dry-run"], { cwd, input: `${origin.url}/ok\n` });
  expect(piped.stdout).toMatch(/^GET \/ok HTTP/);
});

test("the first ten, or as many as --first says; the list is read no further", async () => {
  list(...Array.from({ length: 25 }, (_, n) => `https://h${n % 3}.example/${n}`));
  const shown = async (...flags: string[]) => {
    const { stdout, stderr } = await fetch("--dry-run", ...flags);
    return [stdout.match(/^GET /gm)?.length, stderr];
  };
  const goesOn = "would be sent; the list goes on, --first all reads it to its end. Nothing was.\n";
  expect(await shown()).toEqual([10, `10 requests to 3 hosts ${goesOn}`]);
  expect(await shown("--first", "2")).toEqual([2, `2 requests to 2 hosts ${goesOn}`]);
  expect(await shown("--first", "25")).toEqual([25, "25 requests to 3 hosts would be sent. Nothing was.\n"]);
  expect(await shown("--first", "all", "-q")).toEqual([25, ""]);
  const program = [process.execPath, SKEIN_MAIN, "fetch", "-", "--curl", "--first", "3"];
  const endless = await promisify(execFile)("bash", ["-c", 'yes https://a.example | "$0" "$@"', ...program]);
  expect(endless.stdout.match(/^curl /gm)).toHaveLength(3);
});

test("ends when nobody reads on", async () => {
  list(...Array.from({ length: 20_000 }, (_, n) => `${origin.url}/ok?${n}`));
  const { child, ended } = startSkein(["fetch", "urls.txt", "--dry-run", "--first", "all"], { cwd });
  child.stdout!.once("data", () => child.stdout!.destroy());
  expect(await ended).toMatchObject({ code: 0, stderr: "" });
  expect(existsSync(join(cwd, "out.jsonl"))).toBe(false);
});

test.each([
  [["--dry-run", "--curl"], /--dry-run and --curl each print the request in their own way/],
  [["--show-secrets", "-o", "out.jsonl"], /--show-secrets is for --dry-run and --curl/],
  [["--first", "3", "-o", "out.jsonl"], /--first is for --dry-run and --curl: give one of them, too/],
  [["--dry-run", "--first", "0"], /--first: expected a whole number from 1 on, or all; got "0"/],
])("%j is a wrong use", async (flags, message) => {
  list("http://127.0.0.1:9/");
  const { code, stderr } = await fetch(...flags);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});
