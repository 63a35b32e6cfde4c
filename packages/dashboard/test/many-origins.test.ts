import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, originServer, test } from "@skein/testkit";
import type { Page } from "playwright-core";
import { runSkein, SKEIN_MAIN, startSkein } from "../../skein/test/run-skein.ts";
import { openPage, overflows, useBrowser, violations } from "./browser.ts";

/** A job of more origins than are shown at first: 60, the n-th with n items; those of the first ten, which are shops, fail. */

const COUNT = 60;
const name = (n: number) => `${n <= 10 ? "shop" : "host"}-${String(n).padStart(2, "0")}.test`;

useBrowser();
let cwd: string;
beforeAll(async () => {
  await using origin = await originServer({ remember: 0 });
  const { port } = new URL(origin.url);
  cwd = mkdtempSync(join(tmpdir(), "skein-origins-"));
  const numbers = Array.from({ length: COUNT }, (_, i) => i + 1);
  const urls = numbers.flatMap(n =>
    Array.from({ length: n }, (_, i) => `http://${name(n)}:${port}/${n <= 10 ? "status/404" : "ok"}?${i}`),
  );
  writeFileSync(join(cwd, "urls.txt"), urls.join("\n"));
  const resolve = numbers.flatMap(n => ["--resolve", `${name(n)}:${port}:127.0.0.1`]);
  const args = ["fetch", "urls.txt", "-o", "out.jsonl", "-q", ...resolve];
  expect(await once(spawn(process.execPath, [SKEIN_MAIN, ...args], { cwd }), "close")).toEqual([1, null]);
}, 60_000);
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

async function serve(): Promise<string> {
  const { child } = startSkein(["ui", "out.jsonl"], { cwd });
  return new Promise<string>(resolve => {
    child.stdout!.once("data", chunk => resolve(String(chunk).trim()));
  });
}

async function report(): Promise<string> {
  await runSkein(["report", "out.jsonl", "-o", "report.html", "--force"], { cwd });
  return pathToFileURL(join(cwd, "report.html")).href;
}

const soon = <T>(get: () => Promise<T>) => expect.poll(get, { timeout: 15_000 });

/** The panel that finds origins: their names as they stand in it, without scheme and port, and its note. */
function originsOf(page: Page) {
  const panel = page.locator(".panel", { has: page.getByRole("heading", { name: "Origins", exact: true }) });
  const shown = async () =>
    (await panel.locator("tbody th").allTextContents()).map(text => new URL(text).hostname);
  return { panel, shown, note: () => panel.locator(".note").textContent() };
}

describe.each(["ui", "report"] as const)("skein %s", kind => {
  const open = async (view = {}) => openPage(await (kind === "ui" ? serve : report)(), view);

  test("shows the busiest origins, and finds any other", async () => {
    const page = await open();
    const { panel, shown, note } = originsOf(page);
    await panel.waitFor();
    expect(await shown()).toEqual(Array.from({ length: 20 }, (_, i) => name(COUNT - i)));
    expect(await note()).toBe("20 of 60");
    const search = page.getByLabel("Origin holds");
    await search.pressSequentially("SHOP-");
    await soon(shown).toEqual(Array.from({ length: 10 }, (_, i) => name(10 - i)));
    expect(await note()).toBe("10 of 10 that fit, of 60");
    await panel.getByRole("button", { name: "shop-03" }).click();
    expect(await page.getByLabel("Origin", { exact: true }).inputValue()).toContain("http://shop-03.test:");
    await search.fill("nowhere");
    await soon(() => panel.locator(".empty").textContent()).toBe("No origin fits.");
    await search.fill("");
    await page.getByLabel("Order of origins").selectOption("failed");
    await soon(async () => (await shown()).slice(0, 11)).toEqual([
      ...Array.from({ length: 10 }, (_, i) => name(10 - i)),
      name(COUNT),
    ]);
    await page.getByLabel("Order of origins").selectOption("name");
    await panel.getByRole("button", { name: "Show many" }).click();
    await soon(shown).toEqual(Array.from({ length: COUNT }, (_, i) => name(i + 1)).sort());
    expect(await note()).toBe("");
    await page.getByLabel("Order of origins").selectOption("slowest");
    const p95 = async () =>
      (await panel.locator("tbody tr td:last-child").allTextContents()).map(millisecondsOf);
    // Of those with fewer than five answers it is not known which are slow: the server has them last.
    const known = async () => (kind === "ui" ? (await p95()).slice(0, COUNT - 4) : await p95());
    await soon(async () => (await known()).length).toBe(kind === "ui" ? COUNT - 4 : COUNT);
    await soon(async () => {
      const times = await known();
      return times.every((time, i) => i === 0 || time <= times[i - 1]!);
    }).toBe(true);
  });

  test.each([1_440, 360])("is for all people, at %i px", async width => {
    const page = await open({ width });
    await originsOf(page).panel.waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await overflows(page)).toBe(false);
  });
});

/** `0.42 ms`, `1.2 s`. */
function millisecondsOf(text: string): number {
  const [value, unit] = text.split(" ");
  return Number(value) * (unit === "s" ? 1_000 : 1);
}
