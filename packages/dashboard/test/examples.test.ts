import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "@skein/testkit";
import { exampleServer, examplesIn, help, place, runExample } from "../../skein/test/help-examples.ts";
import { useBrowser } from "./browser.ts";

// Of the commands that show the page, which `useBrowser` builds: the examples in their help, as in cli-examples.test.ts.
useBrowser();

test("skein report --help: every example writes a report", { timeout: 60_000 }, async () => {
  const examples = examplesIn(help("report"));
  expect(examples.length).toBeGreaterThan(1);
  await using origin = await exampleServer();
  for (const example of examples) {
    const where = await place(origin, true);
    const end = await runExample(example, where);
    expect(end.code, `${example}\n${end.stderr}`).toBe(0);
    const name = / -o (\S+)/.exec(example)?.[1] ?? "results.jsonl.html";
    expect(readFileSync(join(where.cwd, name), "utf8")).toContain("<title>results.jsonl: report</title>");
  }
});

test("skein ui --help: every example serves a page, until Ctrl-C", { timeout: 60_000 }, async () => {
  const examples = examplesIn(help("ui"));
  expect(examples.length).toBeGreaterThan(1);
  await using origin = await exampleServer();
  for (const example of examples) {
    const { cwd, env } = await place(origin, true);
    // Another program may have the port of the example.
    const port = await freePort();
    const child = spawn("bash", ["-c", `exec ${example.replace("8080", String(port))}`], { cwd, env });
    onTestFinished(() => void child.kill("SIGKILL"));
    const [said] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
    expect(said).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=\S+\n$/);
    if (example.includes("8080")) expect(new URL(said).port).toBe(String(port));
    expect(await (await fetch(said.trim())).text()).toContain("<title>");
    child.kill("SIGINT");
    expect(await once(child, "close")).toEqual([0, null]);
    expect(existsSync(join(cwd, "results.jsonl"))).toBe(true);
  }
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
