import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  describe,
  expect,
  type OriginExchange,
  type OriginServer,
  originServer,
  test,
  testBytes,
} from "@skein/testkit";
import { readRows, runSkein, SKEIN_MAIN, scratchDirectory, startSkein } from "./run-skein.ts";

/** A list of `length` URLs of which each takes 20 ms, and the command that fetches it. */
function workplace(origin: OriginServer, length: number, last: readonly string[] = []) {
  const cwd = scratchDirectory();
  const urls = Array.from({ length }, (_, index) => `${origin.url}/slow/${index + 1}`);
  writeFileSync(join(cwd, "urls.txt"), [...urls, ...last].join("\n"));
  const args = ["fetch", "urls.txt", "-o", "out.jsonl", "--per-host", "50", "--progress", "none"];
  return {
    cwd,
    args,
    rows: () => readRows(join(cwd, "out.jsonl")),
    start: () => startSkein(args, { cwd }),
    run: () => runSkein(args, { cwd }),
  };
}

/** Bodies differ by item, so that a row with another item's body is found. */
const slowOrigin = () =>
  originServer({
    routes: {
      slow: ({ response, parts }) => {
        setTimeout(() => response.end(testBytes(100, Number(parts[1]))), 20);
      },
    },
  });

const bodyHash = (id: number | string) =>
  createHash("sha256")
    .update(testBytes(100, Number(id)))
    .digest("hex");

const RESUME = "To go on:\n  skein fetch urls.txt -o out.jsonl --per-host 50 --progress none\n";

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 5));
}

describe("SIGKILL", () => {
  test("the same command goes on: nothing lost, nothing doubled, no line torn", async () => {
    await using origin = await slowOrigin();
    const length = 3_000;
    const { start, run, rows } = workplace(origin, length);
    const seed = Date.now() % 1e6;
    console.info(`kill points from seed ${seed}`);
    for (let kill = 0; kill < 5; kill++) {
      const running = start();
      const target = origin.requestCount + 1 + ((seed * (kill + 7)) % 400);
      await until(() => origin.requestCount >= target);
      running.child.kill("SIGKILL");
      expect((await running.ended).signal).toBe("SIGKILL");
    }
    const end = await run();
    expect(end.code).toBe(0);
    expect(end.stderr).toMatch(/^Going on with out\.jsonl: [\d,]+ were done before\.\nDone 3,000 /);
    const found = rows();
    expect(new Set(found.map(row => row.id)).size).toBe(length);
    expect(found).toHaveLength(length);
    expect(found.filter(row => row.sha256 !== bodyHash(row.id))).toEqual([]);
  });
});

describe("a signal that asks to stop", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "%s: what is in flight ends, nothing is begun",
    async signal => {
      await using origin = await slowOrigin();
      const { start, run, rows } = workplace(origin, 2_000);
      const running = start();
      await until(() => origin.requestCount >= 100);
      running.child.kill(signal);
      const end = await running.ended;
      expect(end).toMatchObject({ code: 130, signal: null, stdout: "" });
      expect(end.stderr).toMatch(/^Stopping when the \d+ requests in flight have ended, in at most 10 s\.\n/);
      expect(end.stderr).toContain("\nStopped ");
      expect(end.stderr.endsWith(RESUME)).toBe(true);
      // Every request that the origin saw has been recorded: none was cut off.
      expect(rows()).toHaveLength(origin.requestCount);
      expect(origin.requestCount).toBeLessThan(2_000);
      expect((await run()).code).toBe(0);
      expect(origin.requestCount).toBe(2_000);
      expect(new Set(rows().map(row => row.id)).size).toBe(2_000);
    },
  );

  test("Ctrl-C twice stops at once; what was cut off is fetched by the next run", async () => {
    await using origin = await originServer({ routes: { once: hangFirst } });
    const { start, run, rows } = workplace(origin, 0, [`${origin.url}/ok`, `${origin.url}/once`]);
    const running = start();
    await until(() => origin.requestCount >= 2);
    running.child.kill("SIGINT");
    await running.said(/Ctrl-C again stops at once/);
    running.child.kill("SIGINT");
    const end = await running.ended;
    expect(end).toMatchObject({ code: 130, signal: null });
    expect(end.stderr).toContain("\nStopping at once.\nStopped 1 of 2 in ");
    expect(end.stderr.endsWith(RESUME)).toBe(true);
    expect(rows().map(row => row.id)).toEqual([1]);
    expect((await run()).code).toBe(0);
    expect(rows().map(row => row.id)).toEqual([1, 2]);
  });

  test("a drain that takes longer than 10 s is over then", async () => {
    await using origin = await originServer();
    const { start } = workplace(origin, 0, [`${origin.url}/hang`]);
    const running = start();
    await until(() => origin.requestCount >= 1);
    const began = performance.now();
    running.child.kill("SIGINT");
    const end = await running.ended;
    expect(end.code).toBe(130);
    expect(end.stderr).toContain("\nThe 10 s are over: stopping at once.\n");
    expect(performance.now() - began).toBeGreaterThan(9_000);
  });

  test("Ctrl-C when all has ended changes nothing", async () => {
    await using origin = await originServer();
    const { start } = workplace(origin, 0, [`${origin.url}/delay/300`]);
    const running = start();
    await until(() => origin.requestCount >= 1);
    running.child.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 0 });
  });
});

describe("standard error", () => {
  test("a reader that leaves does not stop the job", async () => {
    await using origin = await slowOrigin();
    const { cwd, rows } = workplace(origin, 500);
    const args = ["fetch", "urls.txt", "-o", "out.jsonl", "--per-host", "50", "--progress", "json"];
    const running = startSkein(args, { cwd });
    running.child.stderr?.destroy();
    expect(await running.ended).toMatchObject({ code: 0, signal: null });
    expect(rows()).toHaveLength(500);
  });
});

describe("two processes", () => {
  test("the second is refused with 7, names the first, and harms nothing", async () => {
    await using origin = await originServer({ routes: { once: hangFirst } });
    const { start, run, rows } = workplace(origin, 0, [`${origin.url}/once`]);
    const first = start();
    await until(() => origin.requestCount >= 1);
    const second = await run();
    expect(second.code).toBe(7);
    expect(second.stderr).toContain(`${first.child.pid}`);
    expect(second.stderr).toContain("skein fetch urls.txt -o out.jsonl");
    first.child.kill("SIGKILL");
    await first.ended;
    expect((await run()).code).toBe(0);
    expect(rows()).toHaveLength(1);
  });
});

/** A file system of our own needs a user namespace; some containers allow none. */
const canMount = spawnSync("unshare", ["-rm", "true"]).status === 0;

describe("files that fail", () => {
  test.skipIf(!canMount)(
    "a full disk stops the job, says so, and the job goes on when there is room",
    async () => {
      await using origin = await originServer();
      const { cwd } = workplace(
        origin,
        0,
        Array.from({ length: 300 }, (_, index) => `${origin.url}/bytes/${9_000 + index}`),
      );
      mkdirSync(join(cwd, "disk"));
      const fetch = `${process.execPath} ${SKEIN_MAIN} fetch ../urls.txt -o out.jsonl --progress none; echo code $? >&2`;
      const script = `mount -t tmpfs -o size=300k none disk && cd disk && ${fetch}
      mount -o remount,size=20m . && ${fetch}
      cp out.jsonl ..`;
      const end = await promisify(execFile)("unshare", ["-rm", "bash", "-c", script], { cwd });
      expect(end.stderr).toMatch(
        /^skein: the disk is full: writing .*out\.jsonl.*\nTo go on when that is mended:\n/,
      );
      expect(end.stderr).toMatch(/\ncode 3\n(Going on .*\n)?Done 300 /);
      expect(end.stderr).toMatch(/\ncode 0\n$/);
      expect(new Set(readRows(join(cwd, "out.jsonl")).map(row => row.id)).size).toBe(300);
    },
  );

  test("an output that was cut by someone is a file error, and --fresh is named", async () => {
    await using origin = await originServer();
    const { run, cwd } = workplace(origin, 0, [`${origin.url}/ok?1`, `${origin.url}/ok?2`]);
    await run();
    const text = readFileSync(join(cwd, "out.jsonl"), "utf8");
    writeFileSync(join(cwd, "out.jsonl"), text.slice(0, 40));
    const end = await run();
    expect(end.code).toBe(3);
    expect(end.stderr).toMatch(
      /^skein: .*out\.jsonl.*\nTo forget the earlier results and begin anew, add --fresh\.\n/,
    );
  });
});

/** Answers from the second time on. */
function hangFirst({ response, count }: OriginExchange): void {
  if (count("once") > 1) response.end("ok");
}
