import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "@skein/testkit";
import { renderJson, renderJsonNote } from "./json-progress.ts";
import { noPaint, type Paint } from "./paint.ts";
import { renderPlain } from "./plain-progress.ts";
import type { ProgressView } from "./progress-view.ts";
import { renderTty } from "./tty-progress.ts";

const view: ProgressView = {
  done: 12_345,
  total: 20_000,
  succeeded: 12_100,
  failed: 245,
  rejected: 0,
  waiting: 12,
  inFlight: 50,
  requestsPerSecond: 4_321.4,
  bytesPerSecond: 12_300_000,
  p50: 21,
  p95: 180.4,
  eta: 12_400,
  elapsed: 8_000,
  topErrors: [
    { what: "HTTP 404", count: 120 },
    { what: "connection reset", count: 80 },
    { what: "read timeout", count: 45 },
  ],
  held: [],
  draining: false,
};

const slowed: ProgressView = {
  ...view,
  held: [
    { origin: "https://api.example", waitsFor: "origin cooling", waitMs: 57_400, open: 812 },
    { origin: "http://[::1]:8080", waitsFor: "circuit open", waitMs: undefined, open: 3 },
  ],
};

const beginning: ProgressView = {
  ...view,
  ...{
    done: 0,
    total: undefined,
    succeeded: 0,
    failed: 0,
    waiting: 0,
    requestsPerSecond: 0,
    bytesPerSecond: 0,
  },
  ...{ p50: undefined, p95: undefined, eta: undefined, elapsed: 40, topErrors: [] },
};

const huge: ProgressView = {
  ...view,
  ...{ done: 123_456_789, total: 987_654_321, succeeded: 123_000_000, failed: 456_789, rejected: 12_345 },
  ...{ waiting: 100_000, inFlight: 10_000, requestsPerSecond: 123_456, bytesPerSecond: 999_400_000_000 },
  ...{ p50: 59_000, p95: 3_599_000, eta: 360_000_000, elapsed: 86_399_000 },
  topErrors: Array.from({ length: 5 }, () => ({ what: "certificate invalid", count: 91_357 })),
};

const coloured: Paint = (_look, text) => `\x1b[32m${text}\x1b[39m`;

describe("renderTty", () => {
  test("at 80 columns", () => {
    expect(renderTty(view, 80, noPaint)).toEqual([
      "12,345 / 20,000  ━━━━━━━━━━━━━━━━━━━━━━━━━━━──────────────────  61.7%  ETA 13 s",
      "12,100 ok · 245 failed · 12 waiting · 50 in flight",
      "4,321 req/s · 12.3 MB/s · p50 21 ms · p95 180 ms · 8.0 s so far",
      "errors  HTTP 404 ×120 · connection reset ×80 · read timeout ×45",
    ]);
  });

  test("at 120 columns the bar stays readable", () => {
    expect(renderTty(view, 120, noPaint)[0]).toBe(
      "12,345 / 20,000  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━───────────────────────  61.7%  ETA 13 s",
    );
  });

  test("at 40 columns no fact is lost: they take more lines", () => {
    expect(renderTty(view, 40, noPaint)).toEqual([
      "12,345 / 20,000  61.7%  ETA 13 s",
      "12,100 ok · 245 failed · 12 waiting",
      "50 in flight",
      "4,321 req/s · 12.3 MB/s · p50 21 ms",
      "p95 180 ms · 8.0 s so far",
      "errors  HTTP 404 ×120 · connection res…",
    ]);
  });

  test("before the first answer, and while the list is read", () => {
    expect(renderTty(beginning, 80, noPaint)).toEqual([
      "0 done · reading the list",
      "0 ok · 0 failed · 0 waiting · 50 in flight",
      "0 req/s · 0 B/s · 40 ms so far",
    ]);
  });

  test("who is left alone, and how long still", () => {
    expect(renderTty(slowed, 80, noPaint).slice(3)).toEqual([
      "slowed  api.example: asked to wait, 58 s more · [::1]:8080: failing, left alone",
      "errors  HTTP 404 ×120 · connection reset ×80 · read timeout ×45",
    ]);
    expect(renderPlain(slowed)).toContain("ETA 13 s, slowed: api.example: asked to wait, 58 s more, most: ");
    expect(JSON.parse(renderJson(slowed))).toMatchObject({
      held: [
        { origin: "https://api.example", waitsFor: "origin cooling", waitMs: 57_400, open: 812 },
        { origin: "http://[::1]:8080", waitsFor: "circuit open", waitMs: null, open: 3 },
      ],
    });
  });

  test("a list of a million shows that it is being stopped", () => {
    expect(renderTty({ ...view, draining: true }, 80, noPaint)[0]).toMatch(/ {2}stopping$/);
  });

  test("rejected lines are told when there are any", () => {
    expect(renderTty({ ...view, rejected: 3 }, 80, noPaint)[1]).toContain(
      "245 failed · 3 rejected · 12 waiting",
    );
  });

  test.each([20, 40, 60, 80, 120])("no line is as wide as a terminal of %d columns", columns => {
    for (const picture of [view, beginning, huge, slowed]) {
      for (const paint of [noPaint, coloured]) {
        const widths = renderTty(picture, columns, paint).map(line => stripVTControlCharacters(line).length);
        expect(Math.max(...widths)).toBeLessThan(columns);
      }
    }
  });
});

describe("renderPlain", () => {
  test("is one line", () => {
    expect(renderPlain(view)).toBe(
      "12,345/20,000 (61.7%), 12,100 ok, 245 failed, 12 waiting, 50 in flight, 4,321 req/s, 12.3 MB/s, " +
        "p50 21 ms, p95 180 ms, ETA 13 s, most: HTTP 404 ×120",
    );
    expect(renderPlain(beginning)).toBe(
      "0 done, 0 ok, 0 failed, 0 waiting, 50 in flight, 0 req/s, 0 B/s, ETA –",
    );
  });
});

describe("renderJson", () => {
  test("is one line with every figure, and null for what is unknown", () => {
    expect(JSON.parse(renderJson(view))).toMatchObject({
      event: "progress",
      done: 12_345,
      total: 20_000,
      p95Ms: 180.4,
      etaMs: 12_400,
      topErrors: [{ what: "HTTP 404", count: 120 }, {}, {}],
    });
    expect(JSON.parse(renderJson(beginning))).toMatchObject({ total: null, p50Ms: null, etaMs: null });
    expect(renderJson(view)).not.toContain("\n");
  });

  test("notes come as JSON, too", () => {
    expect(JSON.parse(renderJsonNote('Going on with "a".'))).toEqual({
      event: "note",
      message: 'Going on with "a".',
    });
  });
});
