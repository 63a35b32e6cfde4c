import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished } from "@skein/testkit";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser: Browser;

/** Builds the page where the program serves it from, and starts a browser; for a whole file of tests. */
export function useBrowser(): void {
  beforeAll(async () => {
    const configFile = fileURLToPath(new URL("../vite.config.ts", import.meta.url));
    // Others may be serving the files at this moment: they are replaced, never away.
    await build({ configFile, build: { emptyOutDir: false }, logLevel: "error" });
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
  }, 60_000);
  afterAll(() => browser?.close());
}

export interface View {
  readonly width?: number;
  readonly scheme?: "light" | "dark";
  /** Whether the server ends before the page: then the browser says that it does not answer. */
  readonly outlives?: boolean;
}

/** Opens a URL; at the end of the test nothing may have been said in the console, and nothing asked of any other host. */
export async function openPage(
  url: string,
  { width = 1_440, scheme = "light", outlives = false }: View = {},
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
  const page = await context.newPage();
  const said: string[] = [];
  const asked: string[] = [];
  page.on("console", message => {
    if (!outlives || !message.text().includes("net::ERR_")) said.push(message.text());
  });
  page.on("pageerror", error => said.push(String(error)));
  page.on("request", request => asked.push(request.url()));
  onTestFinished(async () => {
    await context.close();
    expect(said).toEqual([]);
    const { protocol, host } = new URL(url);
    const foreign = asked.filter(to => !to.startsWith("data:") && new URL(to).host !== host);
    expect(foreign).toEqual([]);
    if (protocol === "file:") expect(asked.filter(to => !to.startsWith("data:"))).toEqual([url]);
  });
  await page.goto(url);
  return page;
}

/** What axe-core finds wrong for people who can't see, or can't use a mouse. */
export async function violations(page: Page): Promise<string[]> {
  // As the browser's own: the page's policy runs no script but its own.
  const found = await page.evaluate(`${AXE}; axe.run().then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ": " + nodes.map(node => node.html.slice(0, 120)).join(" | ")))`);
  return found as string[];
}

/** Whether something stands beyond the right edge. */
export function overflows(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

/** A number as the page writes it. */
export function numberOf(text: string | null): number {
  return Number((text ?? "").replaceAll(",", ""));
}
