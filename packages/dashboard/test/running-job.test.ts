import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "@skein/testkit";
import type { Page } from "playwright-core";
import { type Row, readRows, scratchDirectory, startSkein } from "../../skein/test/run-skein.ts";
import { numberOf, openPage, overflows, useBrowser, violations } from "./browser.ts";

/** A job that runs, and the page that leads it: in a real browser, each control on a real run. */

useBrowser();

/** Of a hundred one is cut off, two are refused for now, two are not there. */
class FaultyOrigin {
  url = "";
  isMended = false;
  /** At this moment, and the most since it was set to 0. */
  inFlight = 0;
  most = 0;
  asked = 0;
  /** What was asked for: what a connection that was cut may have carried is asked for again. */
  readonly numbers = new Set<number>();

  static async start(): Promise<FaultyOrigin> {
    const origin = new FaultyOrigin();
    const server = createServer(({ url }, response) => origin.#take(Number(url!.slice(1)), response));
    await once(server.listen(0, "127.0.0.1"), "listening");
    origin.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return origin;
  }

  #take(number: number, response: ServerResponse): void {
    this.asked += 1;
    this.numbers.add(number);
    this.inFlight += 1;
    this.most = Math.max(this.most, this.inFlight);
    setTimeout(() => {
      this.inFlight -= 1;
      const kind = this.isMended ? 50 : number % 100;
      if (kind === 1) return void response.socket?.destroy();
      response.writeHead(kind < 4 ? 503 : kind < 6 ? 404 : 200).end(`item ${number}`);
    }, 5);
  }
}

async function start(origin: FaultyOrigin, count: number) {
  const cwd = scratchDirectory();
  const urls = Array.from({ length: count }, (_, i) => `${origin.url}/${i + 1}\n`);
  writeFileSync(join(cwd, "urls.txt"), urls.join(""));
  const flags = ["-o", "out.jsonl", "-j", "60", "--per-host", "60", "--attempts", "1", "--progress", "none"];
  const running = startSkein(["fetch", "urls.txt", ...flags, "--ui"], { cwd });
  let stderr = "";
  running.child.stderr!.on("data", text => {
    stderr += text;
  });
  await running.said(/shown at http:\/\/\S+\n/);
  const page = await openPage(/shown at (http:\S+)/.exec(stderr)![1]!, { outlives: true });
  await page.locator(".item").first().waitFor({ timeout: 15_000 });
  return { page, ended: running.ended, rows: () => readRows(join(cwd, "out.jsonl")) };
}

const soon = <T>(get: () => T | Promise<T>) => expect.poll(get, { timeout: 20_000 });
const stateOf = (page: Page) => page.locator(".top .mark").textContent();
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const shown = async (page: Page, name: string) =>
  numberOf(await page.locator(`[data-count=${name}]`).textContent());
const countOf = (rows: readonly Row[], fits: (row: Row) => boolean) => rows.filter(fits).length;

/** The last figures that came are those of the output; the process may be gone by now. */
async function agrees(page: Page, rows: readonly Row[]): Promise<void> {
  await soon(() => shown(page, "succeeded")).toBe(countOf(rows, row => row.state === "succeeded"));
  expect(await shown(page, "failed")).toBe(countOf(rows, row => row.state === "failed"));
  for (const status of [200, 404, 503]) {
    const text = await page.locator(`[data-status="${status}"]`).textContent();
    expect(numberOf(text!.split(" ")[0]!)).toBe(countOf(rows, row => row.status === status));
  }
  const closed = await page.locator("[data-error=CONNECTION_CLOSED]").textContent();
  expect(numberOf(closed)).toBe(countOf(rows, row => row.error?.code === "CONNECTION_CLOSED"));
}

test("50,000 URLs with faults: it is paused, changed, and goes on; the figures agree to the last item", {
  timeout: 180_000,
}, async () => {
  const origin = await FaultyOrigin.start();
  const { page, ended, rows } = await start(origin, 50_000);
  expect(await stateOf(page)).toContain("running");

  await button(page, "Pause").click();
  await soon(() => stateOf(page)).toContain("paused");
  await soon(() => origin.inFlight).toBe(0);
  const askedBefore = origin.asked;
  expect(await violations(page)).toEqual([]);
  expect(origin.asked).toBe(askedBefore);
  expect(await button(page, "Pause").getAttribute("aria-disabled")).toBe("true");

  await page.getByLabel("At once").fill("7");
  await button(page, "Apply").click();
  await soon(() => page.locator(".answer").textContent()).toContain("in force");
  origin.most = 0;
  await button(page, "Resume").click();
  await soon(() => origin.asked).toBeGreaterThan(askedBefore + 500);
  expect(origin.most).toBeLessThanOrEqual(7);

  await page.getByLabel("Rate", { exact: true }).fill("100/s");
  await button(page, "Apply").click();
  await soon(() => page.getByLabel("Rate", { exact: true }).inputValue()).toBe("100/s");
  await delay(500);
  const limitedFrom = origin.asked;
  await delay(2_000);
  expect(origin.asked - limitedFrom).toBeLessThan(260);

  await page.getByLabel("Rate", { exact: true }).fill("");
  await page.getByLabel("At once").fill("60");
  await page.getByLabel("To one host", { exact: true }).fill("50");
  await button(page, "Apply").click();
  await soon(() => origin.most).toBeGreaterThan(20);
  expect(origin.most).toBeLessThanOrEqual(50);
  await page.getByLabel("At once").fill("none");
  await button(page, "Apply").click();
  await soon(() => page.getByRole("alert").textContent()).toContain("expected a number from 1 to 10000");

  const { code } = await ended;
  expect(code).toBe(1);
  const written = rows();
  expect(written.length).toBe(50_000);
  await agrees(page, written);
  expect(await stateOf(page)).toContain("complete");
});

test("failed items are sent once more", { timeout: 120_000 }, async () => {
  const origin = await FaultyOrigin.start();
  const { page, ended, rows } = await start(origin, 20_000);
  await soon(() => shown(page, "failed")).toBeGreaterThan(10);
  await button(page, "Pause").click();
  await soon(() => stateOf(page)).toContain("paused");
  await soon(() => origin.inFlight).toBe(0);
  origin.isMended = true;
  await button(page, "Retry failed").click();
  await soon(() => page.locator(".answer").textContent()).toContain("sent once more");
  await page.keyboard.press("p");
  expect((await ended).code).toBe(0);
  const written = rows();
  expect(countOf(written, row => row.status === 200)).toBe(20_000);
  await soon(() => shown(page, "succeeded")).toBe(20_000);
});

test("a job is cancelled after one was asked, and nothing is lost", { timeout: 120_000 }, async () => {
  const origin = await FaultyOrigin.start();
  const { page, ended, rows } = await start(origin, 40_000);
  await button(page, "Cancel …").click();
  await button(page, "Keep running").click();
  expect(await stateOf(page)).toContain("running");
  await button(page, "Cancel …").click();
  await page.getByRole("dialog").waitFor();
  expect(await violations(page)).toEqual([]);
  await button(page, "Cancel the job").click();
  const { code, stderr } = await ended;
  expect(code).toBe(7);
  expect(stderr).toContain("To go on");
  const written = rows();
  expect(written.length).toBe(origin.numbers.size);
  await agrees(page, written);
  await page.getByText("Connection lost").waitFor({ timeout: 15_000 });
});

test("open items: those in flight, and those that wait for their next attempt, while the job runs", {
  timeout: 60_000,
}, async () => {
  const refusing = await serverOf(response => response.writeHead(503, { "retry-after": "30" }).end());
  const silent = await serverOf(() => undefined);
  const cwd = scratchDirectory();
  writeFileSync(join(cwd, "urls.txt"), `${refusing}/1\n${silent}/2?token=hunter2\n${silent}/3\n`);
  const running = startSkein(["fetch", "urls.txt", "-o", "out.jsonl", "--per-host", "5", "--ui"], { cwd });
  let stderr = "";
  running.child.stderr!.on("data", text => {
    stderr += text;
  });
  await running.said(/shown at http:\/\/\S+\n/);
  const address = /shown at (http:\S+)/.exec(stderr)![1]!;
  const page = await openPage(address, { outlives: true });
  const panel = page.getByRole("region", { name: "Open items", exact: true });
  await soon(() => panel.locator("[data-open=waiting]").count()).toBe(1);
  await soon(() => panel.locator("[data-open=running]").count()).toBe(2);
  const told = await panel.locator("tbody tr").allTextContents();
  expect(told[0]).toMatch(/running1.*s2http:\/\/127\.0\.0\.1:\d+\/2\?token=\*\*\*$/);
  expect(told[2]).toMatch(/waiting (origin cooling|retry-after)2in .*s1http:\S+\/1$/);
  expect(await violations(page)).toEqual([]);
  await page.setViewportSize({ width: 360, height: 900 });
  expect(await overflows(page)).toBe(false);
  expect(await violations(page)).toEqual([]);
  running.child.kill("SIGINT");
  running.child.kill("SIGINT");
  await running.ended;
});

/** The URL of a server that answers all alike, or not at all. */
async function serverOf(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_request, response) => answer(response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
