import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type OriginExchange, originServer, sendText, test } from "@skein/testkit";
import { type Row, readRows, runSkein, scratchDirectory } from "./run-skein.ts";

/** What must become of the items of one kind. */
interface Kind {
  readonly path: (index: number) => string;
  readonly state: "succeeded" | "failed";
  readonly attempts: number;
  /** Of a failure: its code, and what a person must find in the message. */
  readonly code?: string;
  readonly message?: RegExp;
}

const FAULTS: Readonly<Record<string, Kind>> = {
  missing: {
    path: i => `/status/404?i=${i}`,
    state: "failed",
    attempts: 1,
    code: "HTTP_STATUS",
    message: /: answered 404 Not Found/,
  },
  busy: { path: i => `/flaky/${i}/1`, state: "succeeded", attempts: 2 },
  reset: {
    path: i => `/reset-mid-body?i=${i}`,
    state: "failed",
    attempts: 3,
    code: "CONNECTION_RESET",
    message: /reset by 127\.0\.0\.1:\d+/,
  },
  hang: {
    path: i => `/hang?i=${i}`,
    state: "failed",
    attempts: 3,
    code: "TOTAL_TIMEOUT",
    message: /1\.5 s/,
  },
  gzip: {
    path: i => `/gzip-cut?i=${i}`,
    state: "failed",
    attempts: 3,
    code: "DECODING_FAILED",
    message: /gzip/,
  },
  redirect: { path: i => `/redirect/302?to=/ok&i=${i}`, state: "succeeded", attempts: 1 },
};

const FINE: Kind = { path: i => `/ok?i=${i}`, state: "succeeded", attempts: 1 };

/** Every hundredth request to this origin is one too many. */
function limited({ response, count }: OriginExchange): void {
  if (count("limited") % 100 !== 50) return sendText(response, "ok");
  response.statusCode = 429;
  response.setHeader("retry-after", "1");
  sendText(response, "slow down");
}

const PER_KIND = 10;

test("a list with one percent of each fault, and a host that limits: each item ends as it should", async () => {
  await using origin = await originServer();
  await using other = await originServer({ routes: { limited } });
  const kinds = Object.values(FAULTS).flatMap(kind => Array.from({ length: PER_KIND }, () => kind));
  const main = Array.from({ length: PER_KIND * 100 }, (_, i) => kinds[(i * 61) % (PER_KIND * 100)] ?? FINE);
  const urls = [
    ...main.map((kind, index) => origin.url + kind.path(index)),
    ...Array.from({ length: 200 }, (_, index) => `${other.url}/limited?i=${index}`),
  ];
  const cwd = scratchDirectory();
  writeFileSync(join(cwd, "urls.txt"), urls.join("\n"));

  const flags = ["--timeout", "1500ms", "--per-host", "20"];
  const end = await runSkein(["fetch", "urls.txt", "-o", "out.jsonl", ...flags], { cwd });

  expect(end.code).toBe(1);
  expect(end.stderr).toContain("Done 1,200 in ");
  expect(end.stderr).toContain("1,160 succeeded, 40 failed");
  const rows = readRows(join(cwd, "out.jsonl"));
  const byId = new Map(rows.map(row => [row.id, row]));
  expect(rows).toHaveLength(urls.length);
  expect(byId.size).toBe(urls.length);
  for (const [index, kind] of main.entries()) expectEnding(byId.get(index + 1), kind);
  const limitedRows = rows.filter(row => row.url.startsWith(other.url));
  expect(limitedRows.filter(row => row.state !== "succeeded")).toEqual([]);
  // Each refusal was one more attempt, and the host was left alone for the second that it asked for.
  const refusals = limitedRows.reduce((sum, row) => sum + row.attempts - 1, 0);
  expect(refusals).toBe(other.requestCount - 200);
  expect(refusals).toBeGreaterThanOrEqual(2);
});

function expectEnding(row: Row | undefined, kind: Kind): void {
  const { state, attempts, code } = kind;
  expect(row).toMatchObject({ state, attempts });
  expect(row?.error?.code).toBe(code);
  if (kind.message !== undefined) expect(row?.error?.message).toMatch(kind.message);
}
