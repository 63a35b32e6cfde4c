import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, type OriginServer, originServer, test } from "@skein/testkit";
import type { Page } from "playwright-core";
import { type Row, readRows, runSkein, SKEIN_MAIN, startSkein } from "../../skein/test/run-skein.ts";
import { numberOf, openPage, overflows, useBrowser, violations } from "./browser.ts";

/** A job that has ended, in a real browser: as `skein ui` shows it, and as `skein report` writes it down. */

useBrowser();
let origin: OriginServer;
let job: Job;
beforeAll(async () => {
  origin = await originServer({ remember: 0 });
  job = await runJob();
}, 60_000);
afterAll(async () => {
  rmSync(job.directory, { recursive: true, force: true });
  await origin.close();
});

/** What would be run if it were taken for more than text. */
const HOSTILE = "</script><svg/onload=alert(1)>";
const PATHS = ["/ok", "/ok", "/bytes/3000", "/status/404", "/status/410", "/status/500", "/reset-mid-body"];

interface Job {
  readonly directory: string;
  readonly rows: readonly Row[];
}

/** 700 items that end in many ways, and a line that is no request. */
async function runJob(): Promise<Job> {
  const directory = mkdtempSync(join(tmpdir(), "skein-page-"));
  const urls = Array.from({ length: 700 }, (_, i) => `${origin.url}${PATHS[i % PATHS.length]}?${i}`);
  writeFileSync(
    join(directory, "urls.txt"),
    [...urls, `http://${HOSTILE}/`, `${origin.url}/ok?${HOSTILE}`].join("\n"),
  );
  const flags = ["-o", "out.jsonl", "-j", "50", "--per-host", "50", "--attempts", "2", "-q"];
  const skein = spawn(process.execPath, [SKEIN_MAIN, "fetch", "urls.txt", ...flags], { cwd: directory });
  expect(await once(skein, "close")).toEqual([1, null]);
  return { directory, rows: readRows(join(directory, "out.jsonl")) };
}

async function serve(): Promise<string> {
  const running = startSkein(["ui", "out.jsonl"], { cwd: job.directory });
  const url = await new Promise<string>(resolve => {
    running.child.stdout!.once("data", chunk => resolve(String(chunk).trim()));
  });
  return url;
}

async function report(): Promise<string> {
  const { code, stderr } = await runSkein(["report", "out.jsonl", "-o", "report.html", "--force"], {
    cwd: job.directory,
  });
  expect(stderr).toMatch(/^report\.html: \d+ kB\n$/);
  expect(code).toBe(0);
  return pathToFileURL(join(job.directory, "report.html")).href;
}

const soon = <T>(get: () => Promise<T>) => expect.poll(get, { timeout: 15_000 });
const countOf = (rows: readonly Row[], fits: (row: Row) => boolean) => rows.filter(fits).length;

/** The figures of the page are those of the output, to the last item. */
async function checkFigures(page: Page, rows: readonly Row[]): Promise<void> {
  await page.locator(".item").first().waitFor();
  for (const state of ["succeeded", "failed"]) {
    const shown = await page.locator(`[data-count=${state}]`).textContent();
    expect(numberOf(shown)).toBe(countOf(rows, row => row.state === state));
  }
  expect(await page.locator("[data-count=rejected]").textContent()).toBe("1");
  const statuses = new Set(rows.flatMap(({ status }) => status ?? []));
  expect(await page.locator("[data-status]").count()).toBe(statuses.size);
  for (const status of statuses) {
    const [shown] = (await page.locator(`[data-status="${status}"]`).textContent())!.split(" ");
    expect(numberOf(shown!)).toBe(countOf(rows, row => row.status === status));
  }
  const errors = await page.locator("[data-error]").allTextContents();
  expect(errors.reduce((sum, shown) => sum + numberOf(shown), 0)).toBe(
    countOf(rows, row => row.state === "failed"),
  );
}

describe.each(["ui", "report"] as const)("skein %s", kind => {
  const open = async (view = {}) => openPage(await (kind === "ui" ? serve : report)(), view);

  test("shows the figures of the output, to the last item", async () => {
    const page = await open();
    const { rows } = job;
    await checkFigures(page, rows);
    expect(await page.locator(".top .mark").textContent()).toContain("complete");
    expect(await page.locator("canvas").count()).toBe(4);
  });

  test.each([
    { width: 1_440, scheme: "light" },
    { width: 1_440, scheme: "dark" },
    { width: 360, scheme: "light" },
    { width: 360, scheme: "dark" },
  ] as const)("is for all people, at $width px in $scheme", async view => {
    const page = await open(view);
    await page.locator(".item").nth(1).click();
    await page.getByRole("article").getByRole("heading").waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await overflows(page)).toBe(false);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    expect(await violations(page)).toEqual([]);
  });

  test("finds items by state, status, error and text, and shows one with its attempts", async () => {
    const page = await open();
    const { rows } = job;
    const note = page.locator(".panel:has(.filters) .note");
    const failed = countOf(rows, row => row.state === "failed");
    await page.getByLabel("State").selectOption("failed");
    await soon(() => note.textContent()).toMatch(new RegExp(`^${failed} of`));
    expect(new Set(await page.locator(".item .mark").allTextContents())).toEqual(new Set(["✕failed"]));
    await page.getByLabel("Status", { exact: true }).fill("5xx");
    await page.keyboard.press("Enter");
    const refused = countOf(rows, row => row.status === 500);
    await soon(() => note.textContent()).toMatch(new RegExp(`^${refused} of`));
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByRole("button", { name: "HTTP_STATUS 410" }).click();
    await soon(() => note.textContent()).toMatch(/^100 of/);
    await page.locator(".item").first().click();
    const detail = page.getByRole("article");
    await soon(() => detail.textContent()).toContain("answered 410 Gone");
    expect(await detail.textContent()).toContain("Attempt 1");
  });

  test("takes what comes from elsewhere for text", async () => {
    const page = await open();
    await page.getByLabel("State").selectOption("rejected");
    await page.locator(".item").first().click();
    await soon(() => page.getByRole("article").textContent()).toContain("onload=alert(1)");
    expect(await page.locator("svg[onload]").count()).toBe(0);
  });

  test("is led by keys", async () => {
    const page = await open();
    await page.locator(".item").first().waitFor();
    await page.keyboard.press("f");
    await soon(() => page.getByLabel("State").inputValue()).toBe("failed");
    await page.getByRole("listbox").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    const chosen = page.locator('.item[aria-selected="true"]');
    expect(await chosen.getAttribute("aria-posinset")).toBe("2");
    await page.keyboard.press("End");
    await soon(() => chosen.getAttribute("aria-posinset")).toBe("100");
    await page.keyboard.press("Escape");
    await soon(() => page.getByRole("article").count()).toBe(0);
    await page.keyboard.press("/");
    await page.keyboard.type("ok?");
    await page.keyboard.press("Enter");
    await soon(() => page.locator(".empty", { hasText: "No item fits" }).count()).toBe(1);
    await page.getByRole("heading", { level: 1 }).click();
    await page.getByLabel("URL holds").blur();
    await page.keyboard.press("t");
    await soon(() => page.locator("html").getAttribute("data-theme")).toBe("light");
  });
});

test("skein ui: all items come as one scrolls; what can't be controlled says why", async () => {
  const page = await openPage(await serve());
  await page.locator(".item").first().waitFor();
  const list = page.getByRole("listbox");
  const note = page.locator(".panel:has(.filters) .note");
  await soon(async () => {
    await list.evaluate(element => element.scrollTo(0, element.scrollHeight));
    return note.textContent();
  }).toBe("702 that have ended, 702 loaded");
  // Of them only those that are seen stand in the page.
  expect(await page.locator(".item").count()).toBeLessThan(60);
  for (const name of ["Pause", "Resume", "Retry failed", "Cancel …"])
    expect(await page.getByRole("button", { name }).getAttribute("aria-disabled")).toBe("true");
  await page.getByRole("button", { name: "Pause" }).click({ force: true });
  expect(await page.locator(".answer").textContent()).toMatch(/in no process that this page could control/);
});

test("skein ui: when it ends, the page says that its figures are old", async () => {
  const running = startSkein(["ui", "out.jsonl"], { cwd: job.directory });
  const url = await new Promise<string>(resolve => {
    running.child.stdout!.once("data", chunk => resolve(String(chunk).trim()));
  });
  const page = await openPage(url, { outlives: true });
  await page.locator(".item").first().waitFor();
  running.child.kill("SIGTERM");
  await page.getByText("Connection lost").waitFor({ timeout: 15_000 });
});

test("skein report overwrites nothing unless it is told to, and tells what is wrong", async () => {
  const { directory } = job;
  const run = (...args: string[]) => runSkein(["report", ...args], { cwd: directory });
  expect((await run("out.jsonl")).stderr).toMatch(/^out\.jsonl\.html: \d+ kB/);
  const again = await run("out.jsonl");
  expect([again.code, again.stderr]).toEqual([
    2,
    expect.stringContaining("out.jsonl.html exists; to overwrite it, add --force"),
  ]);
  expect((await run("out.jsonl", "--force")).code).toBe(0);
  expect((await run("out.jsonl", "-o", "out.jsonl", "--force")).code).toBe(2);
  expect((await run("out.jsonl", "-o", "nowhere/r.html")).code).toBe(3);
  expect((await run("none.jsonl")).code).not.toBe(0);
  expect((await run()).code).toBe(2);
});
