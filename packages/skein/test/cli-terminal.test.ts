import { execFileSync, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, originServer, test } from "@skein/testkit";
import { SKEIN_MAIN, scratchDirectory } from "./run-skein.ts";

/** util-linux's `script` gives the program a terminal; it is part of every Debian, and of no other system. */
const hasScript =
  process.platform === "linux" && /util-linux/.test(execFileSync("script", ["--version"]).toString());

/** All that a terminal's program is told: what else stands in our own environment (CI, NO_COLOR …) changes its colours. */
const PLAIN_ENVIRONMENT = { PATH: process.env.PATH, HOME: process.env.HOME, TERM: "xterm-256color" };

/** Runs the program on a terminal of that width, and returns what came onto the screen, as it was written. */
async function onTerminal(
  columns: number,
  args: readonly string[],
  options: TerminalOptions = {},
): Promise<string> {
  const command = [process.execPath, SKEIN_MAIN, ...args].map(word => `'${word}'`).join(" ");
  const child = spawn("script", ["-qefc", `stty cols ${columns} rows 24; ${command}`, "/dev/null"], {
    cwd: options.cwd ?? tmpdir(),
    env: { ...PLAIN_ENVIRONMENT, ...options.env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let screen = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    screen += text;
  });
  await new Promise(resolve => child.once("close", resolve));
  return screen;
}

interface TerminalOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
}

const UP = "\x1b[3A";

describe.skipIf(!hasScript)("on a terminal", () => {
  test.each([80, 120])("progress is drawn in place, and no line is as wide as %d columns", async columns => {
    await using origin = await originServer();
    const cwd = scratchDirectory();
    const urls = Array.from({ length: 100 }, (_, index) => `${origin.url}/delay/60?i=${index}`);
    writeFileSync(join(cwd, "urls.txt"), urls.join("\n"));
    const screen = await onTerminal(columns, ["fetch", "urls.txt", "-o", "out.jsonl"], { cwd });
    expect(screen).toContain(UP);
    expect(stripVTControlCharacters(screen)).toMatch(/ \/ 100 {2}[━─]+ {2}\d.*% {2}ETA/);
    expect(screen).toContain("\x1b[32m");
    expect(screen).not.toContain("\x1b[?25l");
    const [pictures, summary] = screen.split("Done");
    const widths = (pictures ?? "").split("\n").map(line => stripVTControlCharacters(line).trim().length);
    expect(Math.max(...widths)).toBeLessThan(columns);
    // The picture is gone before the summary is written.
    expect(pictures).toContain(`${UP}\x1b[J\x1b[1m`);
    expect(stripVTControlCharacters(summary ?? "")).toMatch(/^ 100 in .*: 100 succeeded, 0 failed\r\n/);
  });

  test("NO_COLOR is respected", async () => {
    await using origin = await originServer();
    const cwd = scratchDirectory();
    const args = ["fetch", `${origin.url}/delay/300`, "-o", "out.jsonl"];
    const screen = await onTerminal(80, args, { cwd, env: { NO_COLOR: "1" } });
    expect(screen).toContain(UP);
    expect(screen.split("\x1b").filter(text => /^\[\d*m/.test(text))).toEqual([]);
  });

  test("JSON is indented and coloured; in a pipe it is not", async () => {
    await using origin = await originServer();
    const screen = await onTerminal(80, ["get", `${origin.url}/json`]);
    expect(stripVTControlCharacters(screen)).toBe('{\r\n  "message": "hello",\r\n  "number": 42\r\n}\r\n');
    expect(screen).toContain('\x1b[32m"hello"\x1b[39m');
  });

  test("a binary body is named, not shown", async () => {
    await using origin = await originServer();
    const screen = await onTerminal(80, ["get", `${origin.url}/bytes/4000`]);
    expect(screen).toContain("(binary body, application/octet-stream, 4.0 kB: not shown on a terminal;");
  });
});
