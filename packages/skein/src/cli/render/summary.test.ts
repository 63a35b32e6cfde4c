import { describe, expect, test } from "@skein/testkit";
import type { JobSummary } from "../../entry/jobs.ts";
import { renderJsonSummary } from "./json-summary.ts";
import { noPaint } from "./paint.ts";
import { renderSummary, type SummaryFacts } from "./summary.ts";

const paths = {
  output: "results.jsonl",
  rows: "results.jsonl",
  rejects: "results.rejects.jsonl",
  journal: "results.jsonl.job.db",
  bodies: "results.bodies",
};

const facts: SummaryFacts = {
  total: 20_000,
  accepts: status => status < 300,
  files: { ...paths, bodies: undefined },
  paint: noPaint,
};

const summary: JobSummary = {
  ended: "complete",
  ...{ done: 20_000, doneBefore: 0, succeeded: 19_400, failed: 600, unknown: 0, rejected: 0, unchanged: 0 },
  ...{ requests: 20_800, bytes: 12_345_678, elapsedMs: 12_300, latency: { p50: 21, p95: 180 } },
  byStatus: new Map([
    [404, 200],
    [200, 19_400],
  ]),
  byError: new Map([
    ["HTTP_STATUS", { count: 200, sample: "GET http://127.0.0.1:8080/missing/17: answered 404 Not Found" }],
    ["CONNECTION_RESET", { count: 400, sample: "GET http://127.0.0.1:8080/reset: \x1b[2Jreset" }],
  ]),
};

describe("renderSummary", () => {
  test("counts, one message for each kind of error, speed, files", () => {
    expect(renderSummary(summary, facts)).toBe(`\
Done 20,000 in 12 s: 19,400 succeeded, 600 failed
Status   200  19,400
         404     200  refused
Errors   CONNECTION_RESET  400
           GET http://127.0.0.1:8080/reset: \ufffd[2Jreset
         HTTP_STATUS       200
           GET http://127.0.0.1:8080/missing/17: answered 404 Not Found
Sent     20,800 requests, retries included; 12.3 MB received
Speed    1,691 req/s, 1.0 MB/s, p50 21 ms, p95 180 ms
Output   results.jsonl
Journal  results.jsonl.job.db
`);
  });

  test("a run that was stopped, and went on before", () => {
    const stopped: JobSummary = {
      ...summary,
      ...{ ended: "drained", done: 12_000, doneBefore: 5_000, unknown: 2, rejected: 3 },
    };
    const text = renderSummary(stopped, { ...facts, files: paths });
    expect(text).toContain(
      "Stopped 12,000 of 20,000 (5,000 in earlier runs) in 12 s: 19,400 succeeded, 600 failed, 2 unknown, 3 rejected",
    );
    expect(text).toContain(
      "Rejects  results.rejects.jsonl\nBodies   results.bodies\nJournal  results.jsonl.job.db\n",
    );
  });

  test("nothing was sent", () => {
    const nothing = { ...summary, requests: 0, byStatus: new Map(), byError: new Map(), latency: undefined };
    const text = renderSummary(nothing, facts);
    expect(text).not.toMatch(/Sent|Speed|Status|Errors/);
  });

  test("a server's long text does not fill the screen", () => {
    const byError = new Map([["HTTP_STATUS", { count: 1, sample: "x".repeat(5_000) }]]);
    const lines = renderSummary({ ...summary, byError }, facts).split("\n");
    expect(Math.max(...lines.map(line => line.length))).toBeLessThan(330);
  });
});

test("the summary as JSON", () => {
  expect(JSON.parse(renderJsonSummary(summary, paths))).toMatchObject({
    event: "summary",
    ended: "complete",
    failed: 600,
    byStatus: { 200: 19_400, 404: 200 },
    byError: { CONNECTION_RESET: { count: 400 } },
    paths,
  });
});
