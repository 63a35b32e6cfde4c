import { hash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  type OriginServer,
  originServer,
  test,
  testBytes,
} from "@skein/testkit";
import { argumentsSource, type Job } from "../../src/entry/jobs.ts";
import { idsOf, JobFolder, linesOf, range } from "./job-folder.ts";

let origin: OriginServer;

beforeAll(async () => {
  origin = await originServer({
    routes: {
      item: ({ response, parts }) => void response.end(`item ${parts[1]}`),
      type: ({ response, query }) => {
        response.setHeader("content-type", query.get("type") ?? "");
        response.end(Buffer.from(query.get("hex") ?? "", "hex"));
      },
    },
  });
});

afterAll(() => origin.close());

function items(count: number, from = 1): string[] {
  return range(count).map(n => `${origin.url}/item/${n + from - 1}`);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(2);
}

describe("a row", () => {
  test("has its names in their order, and one line", async () => {
    const folder = new JobFolder();
    folder.write([JSON.stringify({ id: "a1", url: `${origin.url}/text`, meta: { k: [1, "ü"] } })]);
    await folder.run();
    const line = linesOf(folder.output)[0]!;
    expect(line.replace(/"timings":\{[^}]*\}/, '"timings":{}')).toBe(
      `{"v":1,"id":"a1","url":"${origin.url}/text","finalUrl":"${origin.url}/text","state":"succeeded","status":200` +
        `,"attempts":1,"timings":{},"bytes":20,"sha256":"${hash("sha256", "Grüße, 世界 ✓\n")}"` +
        ',"contentType":"text/plain; charset=utf-8","body":"Grüße, 世界 ✓\\n","meta":{"k":[1,"ü"]}}',
    );
    expect(Object.keys(JSON.parse(line).timings)).toEqual(["queued", "waited", "served"]);
  });

  test("tells what failed, and keeps the body of a refused status", async () => {
    const folder = new JobFolder();
    folder.write([
      `${origin.url}/status/404`,
      `${origin.url}/reset-mid-body`,
      `${origin.url}/redirect/302?to=/json`,
    ]);
    const summary = await folder.run({ attempts: 2 });
    const [refused, reset, redirected] = folder.rows().toSorted((a, b) => Number(a.id) - Number(b.id));
    expect(refused).toMatchObject({ state: "failed", status: 404, attempts: 1, body: "status 404" });
    expect(refused?.error).toMatchObject({ code: "HTTP_STATUS", phase: "status" });
    expect(reset).toMatchObject({ state: "failed", status: null, finalUrl: null, bytes: null, attempts: 2 });
    expect(reset?.error).toMatchObject({ code: "CONNECTION_RESET", phase: "body" });
    expect(redirected).toMatchObject({ state: "succeeded", finalUrl: `${origin.url}/json`, status: 200 });
    expect(summary).toMatchObject({ ended: "complete", done: 3, succeeded: 1, failed: 2, rejected: 0 });
    expect(summary.byStatus).toEqual(
      new Map([
        [404, 1],
        [200, 1],
      ]),
    );
    expect(summary.byError.get("CONNECTION_RESET")).toEqual({ count: 1, sample: reset?.error?.message });
  });

  test("holds a body so that it comes back byte for byte", async () => {
    const folder = new JobFolder();
    const bodies = [
      { type: "text/html", hex: Buffer.from("\ufeff<p>ä\u0000\u2028</p>").toString("hex"), as: "body" },
      { type: "application/vnd.api+json", hex: Buffer.from('{"a":1}').toString("hex"), as: "body" },
      { type: "", hex: Buffer.from("plain").toString("hex"), as: "body" },
      { type: "text/plain; charset=iso-8859-1", hex: "e4f6fc", as: "bodyBase64" },
      { type: "image/png", hex: Buffer.from("not text by its type").toString("hex"), as: "bodyBase64" },
      { type: "text/plain", hex: "eda080", as: "bodyBase64" },
      { type: "text/plain", hex: "", as: "body" },
    ] as const;
    folder.write(
      bodies.map(({ type, hex }) => `${origin.url}/type?type=${encodeURIComponent(type)}&hex=${hex}`),
    );
    await folder.run();
    const rows = folder.rows();
    bodies.forEach(({ hex, as }, index) => {
      const row = rows.find(({ id }) => id === index + 1)!;
      const content = Buffer.from(row[as] ?? "missing", as === "body" ? "utf8" : "base64");
      expect(content.toString("hex")).toBe(hex);
      expect(row).toMatchObject({ bytes: hex.length / 2, sha256: hash("sha256", content) });
      expect([row.body, row.bodyBase64, row.path].filter(field => field !== undefined)).toHaveLength(1);
    });
  });

  test("names a file for a body over 1 MiB, whose content is right", async () => {
    const folder = new JobFolder();
    const size = 1024 * 1024;
    folder.write([`${origin.url}/bytes/${size}`, `${origin.url}/bytes/${size + 1}`]);
    await folder.run();
    const [inline, large] = folder.rows().toSorted((a, b) => Number(a.id) - Number(b.id));
    expect(Buffer.from(inline?.bodyBase64 ?? "", "base64").equals(Buffer.from(testBytes(size)))).toBe(true);
    expect(large?.path).toBe(`out.bodies/${large?.sha256?.slice(0, 2)}/${large?.sha256}`);
    expect(readFileSync(join(folder.path, large?.path ?? "")).equals(Buffer.from(testBytes(size + 1)))).toBe(
      true,
    );
  });

  test("bodies: a directory takes all of them, by content; none keeps none, and still tells their hash", async () => {
    const folder = new JobFolder();
    folder.write([`${origin.url}/json`, `${origin.url}/json?again`, `${origin.url}/status/204`]);
    const bodies = { directory: join(folder.path, "saved") };
    await folder.run({ bodies });
    const saved = folder.rows().filter(row => row.path !== undefined);
    expect(saved.map(row => row.path)).toEqual(
      Array(2).fill(expect.stringMatching(/^saved\/..\/[0-9a-f]{64}\.json$/)),
    );
    expect(hash("sha256", readFileSync(join(folder.path, saved[0]?.path ?? "")))).toBe(saved[0]?.sha256);
    expect(readdirSync(join(folder.path, "saved"), { recursive: true })).toHaveLength(2);

    const another = new JobFolder();
    another.write([`${origin.url}/json`]);
    await another.run({ bodies: "none" });
    expect(another.rows()).toEqual([expect.not.objectContaining({ body: expect.anything() })]);
    expect(another.rows()).toEqual([expect.objectContaining({ sha256: saved[0]?.sha256, bytes: 31 })]);
  });
});

describe("a job that is complete", () => {
  test("sends nothing when it is opened again, and tells how it ended", async () => {
    const folder = new JobFolder();
    folder.write([...items(50), `${origin.url}/status/404`]);
    const first = await folder.run();
    const sent = origin.requestCount;
    const output = readFileSync(folder.output);
    const job = await folder.open();
    expect(job.complete).toBe(true);
    expect(job.resumed).toEqual({ done: 51, rejected: 0 });
    expect(await job.run()).toMatchObject({
      ended: "complete",
      done: 51,
      doneBefore: 51,
      failed: 1,
      requests: 0,
      byStatus: first.byStatus,
      byError: first.byError,
    });
    expect(job.progress).toMatchObject({ total: 51, done: 51, running: 0 });
    expect(origin.requestCount).toBe(sent);
    expect(readFileSync(folder.output)).toEqual(output);
  });

  test("goes on with lines that were added to the list", async () => {
    const folder = new JobFolder();
    folder.write(items(10));
    await folder.run();
    folder.write(items(15));
    const job = await folder.open();
    expect(job.complete).toBe(false);
    expect(await job.run()).toMatchObject({ ended: "complete", done: 15, doneBefore: 10, requests: 5 });
    expect(idsOf(folder.rows())).toEqual(range(15));
  });

  test("goes on where the last line had no line break", async () => {
    const folder = new JobFolder();
    writeFileSync(folder.list, items(3).join("\n"));
    await folder.run();
    writeFileSync(folder.list, items(5).join("\n"));
    expect(await folder.run()).toMatchObject({ done: 5, doneBefore: 3 });
    expect(idsOf(folder.rows())).toEqual(range(5));
    expect(await folder.run()).toMatchObject({ requests: 0, done: 5 });
  });

  test("fresh: begins anew", async () => {
    const folder = new JobFolder();
    folder.write([...items(5), "bad line"]);
    await folder.run();
    folder.write(items(3, 100));
    expect(await folder.run({ fresh: true })).toMatchObject({ done: 3, doneBefore: 0, rejected: 0 });
    expect(
      folder
        .rows()
        .map(row => row.body)
        .toSorted(),
    ).toEqual(["item 100", "item 101", "item 102"]);
    expect(existsSync(folder.rejects)).toBe(false);
  });

  test("of arguments is known again too", async () => {
    const folder = new JobFolder();
    const source = () => argumentsSource(items(3));
    await folder.run({ source: source() });
    expect((await folder.open({ source: source() })).complete).toBe(true);
  });
});

describe("a job that was stopped", () => {
  test("by drain: what is in flight is finished, the rest is done by the next run", async () => {
    const folder = new JobFolder();
    folder.write(range(300).map(n => `${origin.url}/delay/20?${n}`));
    const job = await folder.open({ concurrency: 10 });
    const running = job.run();
    await until(() => job.progress.done >= 30);
    job.drain();
    const summary = await running;
    await job.close();
    expect(summary.ended).toBe("drained");
    expect(summary.done).toBeLessThan(300);
    expect(idsOf(folder.rows())).toHaveLength(summary.done);
    const rest = await folder.run();
    expect(rest).toMatchObject({ ended: "complete", done: 300, doneBefore: summary.done });
    // Nothing that had ended was sent a second time, and nothing that was in flight was given up.
    expect(rest.requests).toBe(300 - summary.done);
    expect(idsOf(folder.rows())).toEqual(range(300));
  });

  test("by abort: what is in flight is given up at once, and sent by the next run", async () => {
    const folder = new JobFolder();
    folder.write([...items(20), ...range(10).map(n => `${origin.url}/hang?${n}`)]);
    const job = await folder.open({ concurrency: 10 });
    const running = job.run();
    await until(() => job.progress.done === 20 && job.progress.running === 10);
    job.abort();
    expect(await running).toMatchObject({ ended: "aborted", done: 20 });
    await job.close();
    expect(await folder.run({ timeout: "50ms", attempts: 1 })).toMatchObject({
      ended: "complete",
      done: 30,
      failed: 10,
    });
    expect(idsOf(folder.rows())).toEqual(range(30));
  });

  test("by its signal", async () => {
    const folder = new JobFolder();
    folder.write([`${origin.url}/hang`]);
    const controller = new AbortController();
    const job = await folder.open({ signal: controller.signal });
    const running = job.run();
    await until(() => job.progress.running === 1);
    controller.abort();
    expect(await running).toMatchObject({ ended: "aborted", done: 0 });
    const before = await folder.open({ signal: controller.signal, output: join(folder.path, "other.jsonl") });
    expect(await before.run()).toMatchObject({ ended: "aborted", requests: 0 });
  });

  test("by close, which may be called twice, and before a run", async () => {
    const folder = new JobFolder();
    folder.write([`${origin.url}/hang`, ...items(3)]);
    const job = await folder.open();
    const running = job.run();
    await until(() => job.progress.done === 3);
    await Promise.all([job.close(), job.close()]);
    expect(await running).toMatchObject({ ended: "aborted", done: 3 });
    const unused = await folder.open();
    await unused.close();
    expect(await unused.run()).toMatchObject({ ended: "aborted" });
    expect(readdirSync(folder.path).toSorted()).toEqual(["out.jsonl", "out.jsonl.job.db", "urls.txt"]);
  });
});

describe("bad lines", () => {
  test("go to the rejects with their number and reason, once, whatever the number of runs", async () => {
    const folder = new JobFolder();
    folder.write([
      "mailto:a@b",
      ...items(100),
      "not a url",
      ...range(50).map(n => `${origin.url}/delay/20?${n}`),
    ]);
    const job = await folder.open({ concurrency: 5 });
    const running = job.run();
    await until(() => job.progress.done >= 105);
    job.abort();
    await running;
    await job.close();
    const summary = await folder.run();
    expect(summary).toMatchObject({ ended: "complete", done: 150, rejected: 2 });
    expect(folder.rejectedLines()).toEqual([
      expect.objectContaining({ v: 1, line: 1, text: "mailto:a@b" }),
      expect.objectContaining({ line: 102, reason: expect.stringMatching(/white space/), text: "not a url" }),
    ]);
    expect(idsOf(folder.rows())).toEqual(range(152).filter(n => n !== 1 && n !== 102));
  });

  test("alone are no empty list", async () => {
    const folder = new JobFolder();
    folder.write(["ftp://a/", "ftp://b/"]);
    expect(await folder.run()).toMatchObject({ ended: "complete", done: 0, rejected: 2 });
    expect(folder.rows()).toEqual([]);
  });
});

describe("failed items", () => {
  test("are run again when asked, and have one line in the end", async () => {
    const folder = new JobFolder();
    folder.write([
      ...items(40),
      ...range(5).map(n => `${origin.url}/flaky/more${n}/1`),
      `${origin.url}/status/404`,
    ]);
    expect(await folder.run({ attempts: 1 })).toMatchObject({ done: 46, failed: 6 });
    const sent = origin.requestCount;
    const job = await folder.open({ attempts: 1, retryFailed: true });
    expect(job.complete).toBe(false);
    expect(job.resumed).toEqual({ done: 40, rejected: 0 });
    expect(await job.run()).toMatchObject({ ended: "complete", done: 46, failed: 1, requests: 6 });
    await job.close();
    expect(origin.requestCount).toBe(sent + 6);
    expect(idsOf(folder.rows())).toEqual(range(46));
    expect(folder.rows().filter(row => row.state === "failed")).toMatchObject([{ status: 404 }]);
    expect(readdirSync(folder.path)).not.toContain("out.jsonl.rewrite");
  });

  test("none of them: a complete job stays complete", async () => {
    const folder = new JobFolder();
    folder.write(items(3));
    await folder.run();
    expect((await folder.open({ retryFailed: true })).complete).toBe(true);
  });
});

describe("refused before anything is sent or made", () => {
  let before: number;

  async function expectRefused(opening: Promise<Job>, expected: object): Promise<void> {
    await expect(opening).rejects.toMatchObject({ name: "JobError", ...expected });
    expect(origin.requestCount).toBe(before);
  }

  function folderOf(lines: readonly string[]): JobFolder {
    before = origin.requestCount;
    const folder = new JobFolder();
    folder.write(lines);
    return folder;
  }

  test.each([
    ["with nothing in it", []],
    ["of comments", ["# a", "", "  "]],
  ])("a list %s", async (_, lines) => {
    const folder = folderOf(lines);
    await expectRefused(folder.open(), { code: "EMPTY_LIST", path: folder.list });
    expect(readdirSync(folder.path)).toEqual(["urls.txt"]);
  });

  test("a list that is not there; fresh or not, the output stays", async () => {
    const folder = folderOf(items(1));
    await folder.run();
    before = origin.requestCount;
    const output = readFileSync(folder.output);
    const source = argumentsSource([]);
    await expectRefused(folder.open({ source, fresh: true }), { code: "EMPTY_LIST" });
    expect(readFileSync(folder.output)).toEqual(output);
  });

  test("an output that no job wrote", async () => {
    const folder = folderOf(items(1));
    writeFileSync(folder.output, "my own\n");
    await expectRefused(folder.open(), { code: "OUTPUT_NOT_OURS", path: folder.output });
    expect(readFileSync(folder.output, "utf8")).toBe("my own\n");
    expect(existsSync(folder.journal)).toBe(false);
  });

  test("an output that is a directory, or in one that does not exist", async () => {
    const folder = folderOf(items(1));
    mkdirSync(folder.output);
    await expectRefused(folder.open(), { code: "OUTPUT_NOT_OURS", message: /is not a regular file/ });
    const output = join(folder.path, "no", "out.jsonl");
    await expectRefused(folder.open({ output }), { code: "FILE_FAILED", message: /there is no directory/ });
  });

  test.each([
    ["edited", (lines: string[]) => lines.with(3, `${origin.url}/item/other`), /line 4 is not what it was/],
    ["shorter", (lines: string[]) => lines.slice(0, 8), /line 9 is gone/],
    [
      "longer at its start",
      (lines: string[]) => [`${origin.url}/item/0`, ...lines],
      /line 1 is not what it was/,
    ],
    ["with a blank in it", (lines: string[]) => lines.toSpliced(5, 0, ""), /line 6 is not what it was/],
    ["with a bad line", (lines: string[]) => lines.with(0, "ftp://x/"), /line 1 is not what it was/],
  ])("a list that was changed: %s", async (_, change, message) => {
    const folder = folderOf([]);
    folder.write(items(10));
    await folder.run();
    before = origin.requestCount;
    folder.write(change(items(10)));
    await expectRefused(folder.open(), { code: "JOB_DIFFERS", message });
    folder.write(items(10));
    expect((await folder.open()).complete).toBe(true);
  });

  test("another job with the same output", async () => {
    const folder = folderOf(items(2));
    await folder.run();
    before = origin.requestCount;
    const headers = { authorization: "Bearer canary" };
    const opening = folder.open({ method: "HEAD", headers });
    await expectRefused(opening, {
      code: "JOB_DIFFERS",
      message: /method was GET, is HEAD; the header authorization was not given, is sha256:/,
    });
    await expect(opening).rejects.not.toThrow("canary");
  });
});

test("no credential is in any file", async () => {
  const folder = new JobFolder();
  const host = origin.url.slice("http://".length);
  folder.write([
    `http://user:canary@${host}/item/1`,
    JSON.stringify({ url: `http://canary@${host}/status/404`, headers: { Cookie: "canary" } }),
    `ftp://user:canary@${host}/`,
    '{"url":"http://x/","headers":{"Authorization":"canary"',
    `http://user:canary@127.0.0.1:1/`,
  ]);
  const headers = { Authorization: "Bearer canary", "X-Api-Key": "canary" };
  await folder.run({ headers, attempts: 1 });
  for (const name of readdirSync(folder.path).filter(name => name !== "urls.txt")) {
    expect(readFileSync(join(folder.path, name), "latin1")).not.toContain("canary");
  }
  expect(folder.rows().find(row => row.id === 1)?.url).toBe(`${origin.url}/item/1`);
  expect(origin.requests.at(-1)?.header("x-api-key")).toBe("canary");
});

test("an item's own method, headers and body come before the job's", async () => {
  const folder = new JobFolder();
  const own = { method: "PATCH", headers: { "x-a": "own", "idempotency-key": "1" }, body: "own" };
  folder.write([JSON.stringify({ url: `${origin.url}/echo`, ...own }), `${origin.url}/echo`]);
  await folder.run({ method: "PUT", headers: { "X-A": "job", "x-b": "job" }, body: "job" });
  const echoes = folder
    .rows()
    .toSorted((a, b) => Number(a.id) - Number(b.id))
    .map(row => JSON.parse(row.body ?? ""));
  const header = (echo: { headers: [string, string][] }, name: string) =>
    echo.headers.filter(([candidate]) => candidate.toLowerCase() === name).map(([, value]) => value);
  expect(echoes).toMatchObject([
    { method: "PATCH", body: "own" },
    { method: "PUT", body: "job" },
  ]);
  expect(echoes.map(echo => [header(echo, "x-a"), header(echo, "x-b")])).toEqual([
    [["own"], ["job"]],
    [["job"], ["job"]],
  ]);
});

test("progress tells the total of the list, what is done, and how it goes", async () => {
  const folder = new JobFolder();
  folder.write([...items(200), "bad line", `${origin.url}/hang`]);
  const job = await folder.open({ timeout: "300ms", attempts: 1 });
  expect(job.progress).toMatchObject({ total: undefined, done: 0, elapsedMs: 0, latency: undefined });
  const running = job.run();
  await until(() => job.progress.done === 200);
  expect(job.progress).toMatchObject({ total: 201, succeeded: 200, running: 1, rejected: 1, requests: 200 });
  expect(job.progress.bytes).toBe(
    range(200)
      .map(n => `item ${n}`)
      .join("").length,
  );
  expect(job.progress.latency?.p50).toBeGreaterThan(0);
  const summary = await running;
  expect(summary).toMatchObject({ done: 201, failed: 1 });
  expect(job.progress).toMatchObject({ total: 201, done: 201, running: 0 });
  expect(await job.run()).toBe(summary);
});

test("a body that can't be written ends the job, which goes on when that is mended", async () => {
  const folder = new JobFolder();
  folder.write([...items(30), `${origin.url}/bytes/2000000`, ...items(100)]);
  writeFileSync(join(folder.path, "out.bodies"), "in the way");
  const job = await folder.open({ concurrency: 4 });
  await expect(job.run()).rejects.toMatchObject({ name: "JobError", code: "FILE_FAILED", resumable: true });
  await job.close();
  rmSync(join(folder.path, "out.bodies"));
  expect(await folder.run()).toMatchObject({ ended: "complete", done: 131, succeeded: 131 });
  expect(idsOf(folder.rows())).toEqual(range(131));
});
