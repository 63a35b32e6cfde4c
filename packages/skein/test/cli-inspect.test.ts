import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, originServer, test } from "@skein/testkit";
import { runSkein, scratchDirectory, startSkein } from "./run-skein.ts";

/** A directory in which a job of 5 URLs has ended, one of them with 404, and the program in it. */
async function workplace(origin: { readonly url: string }) {
  const cwd = scratchDirectory();
  const urls = ["bytes/1", "bytes/2", "status/404", "bytes/4", "bytes/5"].map(
    path => `${origin.url}/${path}\n`,
  );
  writeFileSync(join(cwd, "urls.txt"), urls.join(""));
  const skein = (...args: string[]) => runSkein(args, { cwd });
  await skein("fetch", "urls.txt", "-o", "out.jsonl", "-q");
  return { cwd, skein, output: join(cwd, "out.jsonl") };
}

describe("skein status", () => {
  test("tells how a job ended, and answers the shell as the job does", async () => {
    await using origin = await originServer();
    const { skein } = await workplace(origin);
    const { code, stdout, stderr } = await skein("status", "out.jsonl");
    expect([code, stderr]).toEqual([1, ""]);
    expect(stdout).toMatch(/^Complete 5 done: 4 succeeded, 1 failed\nList {5}\S*urls\.txt\n/);
    expect(stdout).toContain("Status   200  4\n         404  1  refused\nErrors   HTTP_STATUS  1\n");
    expect(stdout).toMatch(/\nOutput {3}out\.jsonl\nJournal {2}out\.jsonl\.job\.db\n$/);
    expect(origin.requestCount).toBe(5);
  });

  test("--json: one line for programs", async () => {
    await using origin = await originServer();
    const { skein } = await workplace(origin);
    const { code, stdout } = await skein("status", "out.jsonl.job.db", "--json");
    expect(code).toBe(1);
    expect(stdout.split("\n")).toHaveLength(2);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ complete: true, done: 5, succeeded: 4, failed: 1, endedTo: 5 },
      byStatus: { 200: 4, 404: 1 },
      byError: { HTTP_STATUS: { count: 1 } },
    });
  });

  test("of a job that runs: how far it is; of one that was killed: it can go on", async () => {
    await using origin = await originServer();
    const cwd = scratchDirectory();
    writeFileSync(join(cwd, "urls.txt"), `${origin.url}/ok\n${origin.url}/delay/60000\n`);
    const args = ["fetch", "urls.txt", "-o", "out.jsonl", "--progress", "plain"];
    const { child, ended, said } = startSkein(args, { cwd });
    await said(/1 succeeded|1 done|1 of 2|1\/2/);
    const busy = await runSkein(["status", "out.jsonl"], { cwd });
    expect(busy).toMatchObject({ code: 7, stderr: "" });
    expect(busy.stdout).toMatch(/^Running 1 done, all of the first 1 lines: 1 succeeded, 0 failed\n/);
    child.kill("SIGKILL");
    await ended;
    const { code, stdout } = await runSkein(["status", "out.jsonl"], { cwd });
    expect(code).toBe(7);
    expect(stdout).toMatch(/^Can go on 1 done, all of the first 1 lines: 1 succeeded, 0 failed\n/);
  });

  test("of an output whose name would change the terminal: shows another name", async () => {
    await using origin = await originServer();
    const cwd = scratchDirectory();
    const name = "\u001b[31mred\u001b]0;title\u0007.jsonl";
    await runSkein(["fetch", `${origin.url}/ok`, "-o", name, "-q"], { cwd });
    for (const command of ["status", "verify"]) {
      const { code, stdout, stderr } = await runSkein([command, name], { cwd });
      expect(code).toBe(0);
      expect(stdout).toContain("red");
      expect(stdout + stderr).not.toContain("\u001b[31m");
    }
  });

  test("of an output that no job has written: says so", async () => {
    const { code, stderr } = await runSkein(["status", "nowhere.jsonl"], { cwd: scratchDirectory() });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^skein: no job has written .*nowhere\.jsonl: there is no .*nowhere\.jsonl\.job\.db\n$/,
    );
  });
});

describe("skein verify", () => {
  test("answers 0 where all is as the journal says", async () => {
    await using origin = await originServer();
    const { skein } = await workplace(origin);
    expect(await skein("verify", "out.jsonl")).toMatchObject({
      code: 0,
      stdout: "Whole out.jsonl: 5 rows and 5 bodies are as the journal says.\n",
      stderr: "",
    });
  });

  test("names each line that is not, and answers 3", async () => {
    await using origin = await originServer();
    const { skein, output } = await workplace(origin);
    writeFileSync(output, readFileSync(output, "utf8").replace('"bytes":4', '"bytes":5'));
    const { code, stdout } = await skein("verify", "out.jsonl");
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /^line \d of out\.jsonl says that its body has 5 bytes; it has 4\nDamaged out\.jsonl: 1 problem in 5 rows and 5 bodies\.\n$/,
    );
  });
});
