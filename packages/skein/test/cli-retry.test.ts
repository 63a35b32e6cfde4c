import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, originServer, test } from "@skein/testkit";
import { readRows, runSkein, scratchDirectory, startSkein } from "./run-skein.ts";

/** A directory in which a job has ended: 3 succeeded, 2 got 404, 3 got 500 at first; and the program in it. */
async function workplace(origin: { readonly url: string }) {
  const cwd = scratchDirectory();
  const paths = ["bytes/1", "bytes/2", "bytes/3", "status/404", "status/404?2"];
  paths.push(...[1, 2, 3].map(i => `flaky/retry${i}/1`));
  writeFileSync(join(cwd, "urls.txt"), paths.map(path => `${origin.url}/${path}\n`).join(""));
  const skein = (...args: string[]) => runSkein(args, { cwd });
  const fetch = () => skein("fetch", "urls.txt", "-o", "out.jsonl", "--attempts", "1");
  await fetch();
  return { skein, fetch, cwd, output: join(cwd, "out.jsonl") };
}

test("skein retry --where: those items leave the output, and the same command sends them and no others", async () => {
  await using origin = await originServer();
  const { skein, fetch, output } = await workplace(origin);
  const sent = origin.requestCount;
  expect(await skein("retry", "out.jsonl", "--where", "status=5xx")).toMatchObject({
    code: 0,
    stdout: "3 items are pending again. The command that began the job sends them.\n",
    stderr: "",
  });
  expect(readRows(output)).toHaveLength(5);
  expect((await skein("status", "out.jsonl")).stdout).toMatch(/^Can go on 5 done/);
  expect((await skein("verify", "out.jsonl")).code).toBe(0);
  expect((await fetch()).stderr).toMatch(/^Going on with out\.jsonl: 5 were done before\.\nDone 8/);
  expect(origin.requestCount).toBe(sent + 3);
  const rows = readRows(output);
  expect(rows.map(row => Number(row.id)).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(rows.filter(row => row.state === "failed").map(row => row.status)).toEqual([404, 404]);
});

test("all that failed, where nobody says which; none of them: nothing is changed", async () => {
  await using origin = await originServer();
  const { skein, output } = await workplace(origin);
  const before = readFileSync(output);
  const none = await skein("retry", "out.jsonl", "--where", "error=READ_TIMEOUT");
  expect(none).toMatchObject({ code: 0, stdout: "No item ended so: nothing was changed.\n" });
  expect(readFileSync(output)).toEqual(before);
  expect((await skein("retry", "out.jsonl")).stdout).toMatch(/^5 items are pending again/);
  expect(readRows(output).map(row => row.state)).toEqual(["succeeded", "succeeded", "succeeded"]);
});

test("what may have been sent before the process was killed is sent again when that is asked for", async () => {
  await using origin = await originServer();
  const cwd = scratchDirectory();
  writeFileSync(join(cwd, "urls.txt"), `${origin.url}/ok\n${origin.url}/delay/60000\n`);
  const args = ["fetch", "urls.txt", "-o", "out.jsonl", "-X", "POST"];
  const { child, ended, said } = startSkein([...args, "--progress", "plain"], { cwd });
  await said(/1 succeeded|1 done|1 of 2|1\/2/);
  child.kill("SIGKILL");
  await ended;
  await runSkein(args, { cwd });
  const states = () => readRows(join(cwd, "out.jsonl")).map(row => row.state);
  expect(states()).toEqual(["succeeded", "unknown"]);
  const { stdout } = await runSkein(["retry", "out.jsonl", "--where", "state=unknown"], { cwd });
  expect(stdout).toMatch(/^1 item is pending again/);
  expect(states()).toEqual(["succeeded"]);
  const sent = origin.requestCount;
  await runSkein([...args, "--timeout", "1s"], { cwd });
  expect(origin.requestCount).toBe(sent + 1);
  expect(states()).toEqual(["succeeded", "failed"]);
});

test("an output that was edited is refused, and left as it is", async () => {
  await using origin = await originServer();
  const { skein, output } = await workplace(origin);
  const lines = readFileSync(output, "utf8").split("\n");
  const place = lines.findIndex(line => line.includes('"status":404'));
  writeFileSync(output, lines.with(place, lines[place]!.replace('"status":404', '"status":405')).join("\n"));
  const edited = readFileSync(output);
  const { code, stderr } = await skein("retry", "out.jsonl", "--where", "status=404");
  expect(code).toBe(3);
  expect(stderr).toContain("holds 1 of the items that are to be run again, but the journal knows 2");
  expect(readFileSync(output)).toEqual(edited);
});

test("conditions on what the journal does not know are refused", async () => {
  const { code, stderr } = await runSkein(["retry", "out.jsonl", "--where", "url~a"], {
    cwd: scratchDirectory(),
  });
  expect(code).toBe(2);
  expect(stderr).toContain('--where: there is no field "url"; known: state, status, error');
});
