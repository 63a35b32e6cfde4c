import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { writeFile as writeFileLater } from "node:fs/promises";
import { join } from "node:path";
import {
  describe,
  expect,
  type OriginExchange,
  originServer,
  sendText,
  test,
  testBytes,
} from "@skein/testkit";
import { readRows, runSkein, scratchDirectory } from "./run-skein.ts";

const numbers = (length: number) => Array.from({ length }, (_, index) => index + 1);

/** A directory with a list, and the program in it: `fetch urls.txt -o out.jsonl`, and what else is given. */
function workplace(lines: readonly string[]) {
  const cwd = scratchDirectory();
  const list = join(cwd, "urls.txt");
  const output = join(cwd, "out.jsonl");
  writeFileSync(list, lines.map(line => `${line}\n`).join(""));
  const fetch = (...flags: string[]) => runSkein(["fetch", "urls.txt", "-o", "out.jsonl", ...flags], { cwd });
  return { cwd, list, output, fetch, rows: () => readRows(output) };
}

describe("skein fetch", () => {
  test("writes one row for each line of the list, and says how it went", async () => {
    await using origin = await originServer();
    const { fetch, rows } = workplace(numbers(200).map(i => `${origin.url}/bytes/${i}`));
    const end = await fetch();
    expect(end).toMatchObject({ code: 0, stdout: "" });
    expect(end.stderr).toMatch(
      /^Done 200 in .*: 200 succeeded, 0 failed\nStatus {3}200 {2}200\nSent {5}200 requests/,
    );
    expect(end.stderr).toMatch(/\nOutput {3}out\.jsonl\nJournal {2}out\.jsonl\.job\.db\n$/);
    const found = rows().sort((a, b) => Number(a.id) - Number(b.id));
    expect(found.map(row => row.id)).toEqual(numbers(200));
    for (const row of found) {
      const sha256 = createHash("sha256")
        .update(testBytes(Number(row.id)))
        .digest("hex");
      expect(row).toMatchObject({
        url: `${origin.url}/bytes/${row.id}`,
        state: "succeeded",
        status: 200,
        sha256,
      });
    }
  });

  test("keeps a rate, and one for each host", async () => {
    await using a = await originServer();
    await using b = await originServer();
    const { fetch, rows } = workplace(numbers(40).map(i => `${i <= 10 ? a.url : b.url}/ok?${i}`));
    const started = performance.now();
    expect((await fetch("--rate", "40/s", "--rate-host", "20/s")).code).toBe(0);
    // 30 to one host at 20 a second; 40 in all at 40.
    expect(performance.now() - started).toBeGreaterThan(1_400);
    expect(rows()).toHaveLength(40);
  });

  // A machine that is busy looks like a host that is.
  test("finds out how many a host can take with -j auto --per-host auto", { retry: 2 }, async () => {
    let [open, most] = [0, 0];
    const slow = ({ response }: OriginExchange) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open -= 1;
        sendText(response, "ok");
      }, 40);
    };
    await using origin = await originServer({ routes: { slow } });
    const { fetch, rows } = workplace(numbers(400).map(i => `${origin.url}/slow?${i}`));
    expect((await fetch("-j", "auto", "--per-host", "auto")).code).toBe(0);
    expect(rows()).toHaveLength(400);
    // More than without: 8 to one host.
    expect(most).toBeGreaterThan(8);
  });

  test("the same command again sends nothing; lines added later are fetched", async () => {
    await using origin = await originServer();
    const { fetch, rows, list } = workplace(numbers(20).map(i => `${origin.url}/ok?i=${i}`));
    await fetch();
    const again = await fetch();
    expect(again.code).toBe(0);
    expect(again.stderr).toContain(
      "out.jsonl is complete, so nothing is sent. To ask for all of it again, add --refresh; to begin anew, --fresh.",
    );
    expect(origin.requestCount).toBe(20);
    writeFileSync(list, `${readFileSync(list, "utf8")}${origin.url}/ok?i=21\n`);
    const more = await fetch();
    expect(more.stderr).toMatch(
      /^Going on with out\.jsonl: 20 were done before\.\nDone 21 \(20 in earlier runs\)/,
    );
    expect(origin.requestCount).toBe(21);
    expect(rows()).toHaveLength(21);
  });

  test("--fresh begins anew, also in the place of a file that is not ours", async () => {
    await using origin = await originServer();
    const { fetch, rows, output } = workplace([`${origin.url}/ok`]);
    writeFileSync(output, "mine\n");
    expect((await fetch()).code).toBe(2);
    expect(readFileSync(output, "utf8")).toBe("mine\n");
    expect((await fetch("--fresh")).code).toBe(0);
    expect((await fetch("--fresh")).code).toBe(0);
    expect(rows()).toHaveLength(1);
    expect(origin.requestCount).toBe(2);
  });

  test("URLs as arguments, from standard input, and from a pipe that is named", async () => {
    await using origin = await originServer();
    const cwd = scratchDirectory();
    const urls = [`${origin.url}/ok?a`, `${origin.url}/ok?b`];
    const input = `# from elsewhere\n${urls.join("\n")}`;
    expect((await runSkein(["fetch", ...urls, "-o", "arguments.jsonl"], { cwd })).code).toBe(0);
    expect((await runSkein(["fetch", "-", "-o", "stdin.jsonl"], { cwd, input })).code).toBe(0);
    execFileSync("mkfifo", [join(cwd, "fifo")]);
    const fromPipe = runSkein(["fetch", "fifo", "-o", "pipe.jsonl"], { cwd });
    await writeFileLater(join(cwd, "fifo"), input);
    expect((await fromPipe).code).toBe(0);
    for (const name of ["arguments", "stdin", "pipe"]) {
      const found = readRows(join(cwd, `${name}.jsonl`)).map(row => row.url);
      expect(found.sort()).toEqual(urls);
    }
  });

  test("rows of JSON with their own method, headers, body, id and meta", async () => {
    await using origin = await originServer();
    const row = {
      id: "a",
      url: `${origin.url}/echo`,
      method: "PUT",
      headers: { "X-A": "1" },
      json: { n: 1 },
      meta: [7],
    };
    const { fetch, rows } = workplace([JSON.stringify(row)]);
    expect((await fetch("-H", "X-A: 0", "-H", "X-B: 2")).code).toBe(0);
    const [found] = rows();
    expect(found).toMatchObject({ id: "a", meta: [7] });
    expect(JSON.parse(found?.body ?? "")).toMatchObject({ method: "PUT", body: '{"n":1}' });
    expect(origin.requests[0]?.header("x-a")).toBe("1");
    expect(origin.requests[0]?.header("x-b")).toBe("2");
  });

  test("a body makes it a POST, as a form or JSON; -X has the last word", async () => {
    await using origin = await originServer();
    const { fetch } = workplace([`${origin.url}/echo`]);
    await fetch("-d", "a=1", "--fresh");
    await fetch("--json", "[1]", "--fresh");
    await fetch("-X", "patch", "-d", "x", "-H", "Content-Type: text/plain", "--fresh");
    const seen = origin.requests.map(request => [request.method, request.header("content-type")]);
    expect(seen).toEqual([
      ["POST", "application/x-www-form-urlencoded"],
      ["POST", "application/json"],
      ["PATCH", "text/plain"],
    ]);
  });

  test("lines that are no requests go to the rejects, and the exit code says so", async () => {
    await using origin = await originServer();
    const { fetch, rows, cwd } = workplace([
      `${origin.url}/ok`,
      "ftp://x.example/",
      "not a url",
      `${origin.url}/ok?2`,
    ]);
    const end = await fetch();
    expect(end.code).toBe(1);
    expect(end.stderr).toContain("2 succeeded, 0 failed, 2 rejected");
    expect(end.stderr).toContain("\nRejects  out.rejects.jsonl\n");
    expect(rows().map(row => row.id)).toEqual(expect.arrayContaining([1, 4]));
    const rejects = readFileSync(join(cwd, "out.rejects.jsonl"), "utf8").trim().split("\n");
    expect(rejects.map(line => JSON.parse(line))).toMatchObject([{ line: 2 }, { line: 3 }]);
  });

  test("--accept-status says what succeeds", async () => {
    await using origin = await originServer();
    const lines = [200, 404, 500].map(status => `${origin.url}/status/${status}`);
    const { fetch, rows } = workplace(lines);
    const end = await fetch("--accept-status", "2xx,404", "--attempts", "1");
    expect(end.code).toBe(1);
    const states = Object.fromEntries(rows().map(row => [row.status, row.state]));
    expect(states).toEqual({ 200: "succeeded", 404: "succeeded", 500: "failed" });
    expect(end.stderr).toMatch(/200 {2}1\n {9}404 {2}1\n {9}500 {2}1 {2}refused\n/);
  });

  test("--retry-failed sends what failed once more, and only that", async () => {
    await using origin = await originServer();
    const { fetch, rows } = workplace([
      `${origin.url}/flaky/a/1`,
      `${origin.url}/ok`,
      `${origin.url}/status/404`,
    ]);
    const first = await fetch("--attempts", "1");
    expect(first.code).toBe(1);
    expect(first.stderr).toContain(
      "To try the failed ones again:\n  skein fetch urls.txt -o out.jsonl --attempts 1 --retry-failed\n",
    );
    expect((await fetch("--attempts", "1", "--retry-failed")).code).toBe(1);
    expect(rows().map(row => row.state)).toHaveLength(3);
    expect(
      rows()
        .filter(row => row.state === "failed")
        .map(row => row.status),
    ).toEqual([404]);
    expect(origin.requestCount).toBe(5);
  });

  test("another job under the same output is refused, and the message names the difference and the flag", async () => {
    await using origin = await originServer();
    const { fetch } = workplace([`${origin.url}/ok`]);
    await fetch();
    const end = await fetch("-X", "POST");
    expect(end.code).toBe(2);
    expect(end.stderr).toMatch(/method was GET, is POST/);
    expect(end.stderr).toContain("forget the earlier results with --fresh");
    expect(origin.requestCount).toBe(1);
  });
});

describe("bodies", () => {
  test("inline by default, left out with --body none", async () => {
    await using origin = await originServer();
    const inline = workplace([`${origin.url}/json`]);
    await inline.fetch();
    expect(inline.rows()[0]?.body).toBe('{"message":"hello","number":42}');
    const none = workplace([`${origin.url}/json`]);
    await none.fetch("--body", "none");
    expect(none.rows()[0]).not.toHaveProperty("body");
    expect(none.rows()[0]?.sha256).toBe(inline.rows()[0]?.sha256);
  });

  test("--save-bodies makes each a file, which the row names", async () => {
    await using origin = await originServer();
    const { fetch, rows, cwd } = workplace([`${origin.url}/bytes/5000`]);
    const end = await fetch("--save-bodies", "pages");
    expect(end.stderr).toContain("\nBodies   pages\n");
    const [row] = rows();
    expect(readFileSync(join(cwd, row?.path ?? ""))).toEqual(Buffer.from(testBytes(5_000)));
  });

  test("--max-body", async () => {
    await using origin = await originServer();
    const { fetch, rows } = workplace([
      `${origin.url}/bytes/2000`,
      `${origin.url}/chunked/2000`,
      `${origin.url}/bytes/999`,
    ]);
    expect((await fetch("--max-body", "1kb")).code).toBe(1);
    const codes = rows().map(row => [row.id, row.error?.code]);
    expect(codes.sort()).toEqual([
      [1, "RESPONSE_TOO_LARGE"],
      [2, "RESPONSE_TOO_LARGE"],
      [3, undefined],
    ]);
  });
});

describe("concurrency", () => {
  test("--per-host holds for one host, -j for all", async () => {
    let running = 0;
    let most = 0;
    const slow = async ({ response }: { response: import("node:http").ServerResponse }) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(resolve => setTimeout(resolve, 20));
      running -= 1;
      response.end("ok");
    };
    await using origin = await originServer({ routes: { slow } });
    const urls = numbers(40).map(i => `${origin.url}/slow?i=${i}`);
    await workplace(urls).fetch("--per-host", "3");
    expect(most).toBe(3);
    most = 0;
    await workplace(urls).fetch("-j", "2");
    expect(most).toBe(2);
    most = 0;
    await workplace(urls).fetch();
    expect(most).toBe(8);
  });
});

describe("what is said", () => {
  test("--quiet says nothing", async () => {
    await using origin = await originServer();
    const { fetch } = workplace([`${origin.url}/status/404`]);
    expect(await fetch("--quiet")).toMatchObject({ code: 1, stdout: "", stderr: "" });
  });

  test("--progress json is JSON, line by line, to the summary", async () => {
    await using origin = await originServer();
    const { fetch } = workplace([`${origin.url}/ok`, `${origin.url}/delay/1300`]);
    const end = await fetch("--progress", "json");
    const events = end.stderr
      .trim()
      .split("\n")
      .map(line => JSON.parse(line));
    expect(events[0]).toMatchObject({ event: "progress", done: 1, total: 2, inFlight: 1 });
    expect(events.at(-1)).toMatchObject({
      event: "summary",
      ended: "complete",
      succeeded: 2,
      byStatus: { 200: 2 },
    });
  });

  test("where nobody watches, a plain line every five seconds", async () => {
    await using origin = await originServer();
    const { fetch } = workplace([`${origin.url}/ok`, `${origin.url}/delay/5400`]);
    const end = await fetch();
    expect(end.stderr).toMatch(
      /^1\/2 \(50\.0%\), 1 ok, 0 failed, 0 waiting, 1 in flight, .* req\/s, .*\nDone 2 in /,
    );
  });

  test("secrets in the list and in the flags appear on no screen", async () => {
    await using origin = await originServer();
    const url = `${origin.url.replace("//", "//ada:hunter2@")}/status/500?token=hunter2`;
    const { fetch } = workplace([url]);
    const end = await fetch("-H", "Authorization: Bearer hunter2", "-d", "hunter2", "--attempts", "1");
    expect(end.code).toBe(1);
    expect(end.stderr).not.toContain("hunter2");
    expect(end.stderr).toContain("-H 'Authorization: ***' -d '***'");
  });
});

test("files beside the output", async () => {
  await using origin = await originServer();
  const { fetch, cwd } = workplace([`${origin.url}/ok`]);
  await fetch();
  const names = readdirSync(cwd).sort();
  expect(names).toEqual(["out.jsonl", "out.jsonl.job.db", "urls.txt"]);
  expect(existsSync(join(cwd, "out.bodies"))).toBe(false);
});
