// What only separate processes show: kills, the lock, a full disk.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import {
  afterEach,
  beforeEach,
  describe,
  expect,
  type OriginServer,
  onTestFinished,
  originServer,
  test,
} from "@skein/testkit";
import { idsOf, JobFolder, range } from "./job-folder.ts";
import { runAndKill, startJob } from "./killing.ts";

let origin: OriginServer;
/** How often each item came to the server. */
let seen: Map<number, number>;

beforeEach(async () => {
  seen = new Map();
  origin = await originServer({
    remember: 0,
    routes: {
      item: ({ response, parts }) => {
        const number = Number(parts[1]);
        seen.set(number, (seen.get(number) ?? 0) + 1);
        setTimeout(() => response.end(`item ${number}`), 20);
      },
    },
  });
});

afterEach(() => origin.close());

function items(count: number): string[] {
  return range(count).map(n => `${origin.url}/item/${n}`);
}

test("killed again and again, also inside a commit: each item has one line, and one row", {
  timeout: 60_000,
}, async () => {
  const folder = new JobFolder();
  const count = 3_000;
  folder.write([...items(count), "a bad line"]);
  const seed = Date.now() % 100_000;
  let inside = 0;
  for (let kill = 0; kill < 5; kill++) {
    const plan = {
      afterMs: 60 + ((seed * (kill + 1)) % 250),
      ...(kill % 2 === 1 ? { afterWriteMs: 0 } : undefined),
    };
    const killed = await runAndKill({ list: folder.list, output: folder.output, concurrency: 40 }, plan);
    if (killed.insideCommit) inside++;
  }
  const summary = await folder.run({ concurrency: 40 });
  expect(summary, `seed ${seed}, ${inside} kills inside a commit`).toMatchObject({
    ended: "complete",
    done: count,
    succeeded: count,
    rejected: 1,
  });
  expect(idsOf(folder.rows())).toEqual(range(count));
  for (const row of folder.rows()) expect(row.body).toBe(`item ${row.id}`);
  expect(folder.rejectedLines()).toHaveLength(1);
  const database = new DatabaseSync(folder.journal);
  expect(database.prepare("SELECT count(*) AS rows FROM items").get()).toEqual({ rows: count + 1 });
  database.close();
});

describe("the lock", () => {
  test("a second process is refused, and told which has it", async () => {
    const folder = new JobFolder();
    folder.write(items(1));
    const { child, opened, ended } = startJob({ list: folder.list, output: folder.output, idle: true });
    onTestFinished(() => void child.kill("SIGKILL"));
    await opened;
    await expect(folder.open()).rejects.toMatchObject({
      code: "JOURNAL_LOCKED",
      message: expect.stringContaining(`by another run, process ${child.pid}`),
      resumable: true,
    });
    await expect(folder.open({ fresh: true })).rejects.toMatchObject({ code: "JOURNAL_LOCKED" });
    child.kill("SIGKILL");
    await ended;
    expect(await folder.run()).toMatchObject({ ended: "complete", done: 1 });
  });

  test("holds within a process too, and is given back by close", async () => {
    const folder = new JobFolder();
    folder.write(items(1));
    const job = await folder.open();
    await expect(folder.open()).rejects.toMatchObject({ code: "JOURNAL_LOCKED" });
    await job.close();
    expect(existsSync(`${folder.journal}.pid`)).toBe(false);
    await folder.run();
  });
});

test("a job that nobody closes does not keep its process alive, and leaves what the next one needs", async () => {
  const folder = new JobFolder();
  folder.write(items(3));
  const { ended } = startJob({ list: folder.list, output: folder.output, forget: true });
  expect(await ended).toContain('"ended":"complete"');
  expect((await folder.open()).complete).toBe(true);
});

describe("requests that are not safe to repeat", () => {
  const COUNT = 400;

  function expectNoneTwice(): void {
    expect([...seen].filter(([, times]) => times > 1)).toEqual([]);
  }

  test("killed: those that may have been on their way are unknown, and no server sees one twice", async () => {
    const folder = new JobFolder();
    folder.write(items(COUNT));
    const options = { list: folder.list, output: folder.output, concurrency: 10, method: "POST" };
    for (let kill = 0; kill < 3; kill++) await runAndKill(options, { afterMs: 100 + kill * 37 });
    const summary = await folder.run({ method: "POST", concurrency: 10 });
    expect(summary).toMatchObject({ ended: "complete", done: COUNT });
    expectNoneTwice();
    const rows = folder.rows();
    expect(idsOf(rows)).toEqual(range(COUNT));
    const unknown = rows.filter(row => row.state === "unknown");
    expect(unknown.length).toBe(summary.unknown);
    expect(unknown.length).toBeGreaterThan(0);
    expect(unknown.length).toBeLessThanOrEqual(3 * 40);
    expect(unknown[0]?.error).toMatchObject({ code: "INTERRUPTED" });
    // What never came to the server can only be among the unknown ones.
    expect(
      range(COUNT)
        .filter(n => !seen.has(n))
        .every(n => unknown.some(row => row.id === n)),
    ).toBe(true);
    expect((await folder.open({ method: "POST" })).complete).toBe(true);
  });

  test.each(["drain", "abort"] as const)("%s: those that were not sent stay pending", async stop => {
    const folder = new JobFolder();
    folder.write(items(COUNT));
    const job = await folder.open({ method: "POST", concurrency: 10 });
    const running = job.run();
    while (job.progress.done < 50) await delay(2);
    job[stop]();
    const stopped = await running;
    await job.close();
    const sent = seen.size;
    const summary = await folder.run({ method: "POST", concurrency: 10 });
    expectNoneTwice();
    expect(summary).toMatchObject({ ended: "complete", done: COUNT });
    // Drained: all that was sent was answered. Aborted: what was in flight, and no more, is unknown.
    expect(summary.unknown).toBe(stop === "drain" ? 0 : sent - stopped.done);
    expect(idsOf(folder.rows())).toEqual(range(COUNT));
  });

  test("with an Idempotency-Key are safe to repeat", async () => {
    const folder = new JobFolder();
    folder.write(items(5).map((url, n) => JSON.stringify({ url, headers: { "Idempotency-Key": `${n}` } })));
    const options = { method: "POST" };
    const job = await folder.open(options);
    const running = job.run();
    while (job.progress.running === 0) await delay(1);
    job.abort();
    await running;
    await job.close();
    expect(await folder.run(options)).toMatchObject({ succeeded: 5, unknown: 0 });
  });
});

/** A tiny disk of our own: root in a user namespace may mount one. */
const canMount = spawnSync("unshare", ["-Urm", "sh", "-c", "mount -t tmpfs none /mnt"]).status === 0;

test.skipIf(!canMount)("a full disk stops the job, which goes on when there is room", async () => {
  const folder = new JobFolder();
  folder.write(items(2_000));
  const disk = join(folder.path, "disk");
  const process_ = join(import.meta.dirname, "job-process.ts");
  const options = JSON.stringify({ list: folder.list, output: join(disk, "out.jsonl") });
  const job = `"${process.execPath}" --no-warnings "${process_}" '${options}'`;
  const script = join(folder.path, "script.sh");
  writeFileSync(
    script,
    `mkdir ${disk}; mount -t tmpfs -o size=256k none ${disk}; ${job}; ls ${disk}
     mount -o remount,size=16m ${disk}; ${job}; cp ${disk}/out.jsonl ${folder.output}`,
  );
  const child = spawn("unshare", ["-Urm", "sh", script], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) stdout += chunk;
  const said = stdout.split("\n");
  expect(JSON.parse(said[1] ?? "")).toMatchObject({
    code: "DISK_FULL",
    message: expect.stringMatching(/the disk is full: .* failed/),
    resumable: true,
  });
  expect(JSON.parse(said.at(-2) ?? "")).toEqual({ done: 2_000, ended: "complete" });
  expect(idsOf(folder.rows())).toEqual(range(2_000));
  expect(readFileSync(folder.output, "utf8").endsWith("\n")).toBe(true);
});
