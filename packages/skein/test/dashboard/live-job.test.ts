// A job that runs in the process of its page: its figures, and each control, on the real command.

import { readdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, type OriginServer, onTestFinished, originServer, test } from "@skein/testkit";
import type {
  ControlAnswer,
  ItemPage,
  JobFacts,
  Series,
  Snapshot,
} from "../../src/cli/dashboard/protocol.ts";
import { readRows, scratchDirectory, startSkein } from "../run-skein.ts";
import { type Answered, askServer } from "./served-job.ts";

/** Every tenth is refused, every hundredth cut off; each takes 15 ms. */
function faultyOrigin(state = { isMended: false, asked: 0 }): Promise<OriginServer> {
  return originServer({
    remember: 0,
    routes: {
      item: ({ response, parts }) => {
        state.asked += 1;
        const number = Number(parts[1]);
        setTimeout(() => {
          if (number % 100 === 0 && !state.isMended) return void response.socket?.destroy();
          response.writeHead(number % 10 === 1 && !state.isMended ? 404 : 200).end(`item ${number}`);
        }, 15);
      },
    },
  });
}

const itemsOf = ({ url }: OriginServer, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${url}/item/${i + 1}`);

/** `skein fetch --ui` of a list, and a way to ask its page. */
async function startWithPage(urls: readonly string[], ...flags: string[]) {
  const cwd = scratchDirectory();
  writeFileSync(join(cwd, "urls.txt"), urls.join("\n"));
  const args = [
    "fetch",
    "urls.txt",
    "-o",
    "out.jsonl",
    "--ui",
    "--progress",
    "none",
    "--attempts",
    "1",
    ...flags,
  ];
  const { child, ended, said } = startSkein(args, { cwd });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stderr = "";
  child.stderr!.on("data", text => {
    stderr += text;
  });
  await said(/shown at http:\/\/\S+\n/);
  const url = new URL(/shown at (http:\S+)/.exec(stderr)![1]!);
  const [port, token] = [Number(url.port), url.searchParams.get("token")!];
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const read = async <T>(path: string): Promise<T> =>
    JSON.parse((await askServer(port, { path, headers })).text) as T;
  const control = (body: unknown): Promise<Answered> =>
    askServer(port, { path: "/api/control", method: "POST", headers, body: JSON.stringify(body) });
  return { cwd, port, token, ended, read, control, rows: () => readRows(join(cwd, "out.jsonl")) };
}

/** The snapshots of an event stream, until it ends. */
function listen(port: number, token: string) {
  const snapshots: Snapshot[] = [];
  const asked = request({ host: "127.0.0.1", port, path: `/api/events?token=${token}`, agent: false });
  let text = "";
  asked.once("response", response => {
    response.setEncoding("utf8").on("data", part => {
      text += part;
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
        if (data !== undefined) snapshots.push(JSON.parse(data) as Snapshot);
        text = text.slice(end + 2);
      }
    });
    response.on("error", () => undefined);
  });
  asked.on("error", () => undefined).end();
  onTestFinished(() => void asked.destroy());
  return snapshots;
}

async function until<T>(read: () => Promise<T> | T, holds: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    await delay(20);
  }
}

test("the figures of a run with faults agree with its rows, to the last item", {
  timeout: 60_000,
}, async () => {
  await using origin = await faultyOrigin();
  const job = await startWithPage(itemsOf(origin, 1_000), "-j", "20", "--per-host", "20");
  const facts = await job.read<JobFacts>("/api/job");
  expect(facts).toMatchObject({ live: true, protocol: 1, request: { method: "GET", accepts: "200-299" } });
  // Before its journal says so.
  for (const begun of [facts.startedAt, facts.runStartedAt])
    expect(Math.abs(Date.now() - begun!)).toBeLessThan(20_000);
  expect(facts.limits).toMatchObject({ concurrency: 20, perOrigin: 20, perOriginIsAuto: false });
  const snapshots = listen(job.port, job.token);
  const { code } = await job.ended;
  expect(code).toBe(1);
  const last = snapshots.at(-1)!;
  const rows = job.rows();
  const count = (holds: (row: (typeof rows)[number]) => boolean) => rows.filter(holds).length;
  expect(rows).toHaveLength(1_000);
  expect(last.state).toBe("complete");
  expect(last.counts).toMatchObject({
    total: 1_000,
    done: 1_000,
    succeeded: count(({ state }) => state === "succeeded"),
    failed: count(({ state }) => state === "failed"),
    ...{ unknown: 0, rejected: 0, pending: 0, running: 0, waiting: 0 },
  });
  expect(Object.fromEntries(last.statuses.map(of => [of.status, of.count]))).toEqual({
    200: count(({ status }) => status === 200),
    404: count(({ status }) => status === 404),
  });
  expect(last.errors.reduce((sum, error) => sum + error.count, 0)).toBe(last.counts.failed);
  expect(last.origins).toMatchObject([{ origin: origin.url, done: 1_000, failed: last.counts.failed }]);
  expect(last.requests).toBe(1_000);
  expect(snapshots.map(({ counts }) => counts.done)).toEqual(
    snapshots.map(({ counts }) => counts.done).toSorted((a, b) => a - b),
  );
  // Once it has ended its journal is one file, for all that was looked at.
  expect(readdirSync(job.cwd).toSorted()).toEqual(["out.jsonl", "out.jsonl.job.db", "urls.txt"]);
});

test("pauses, goes on, takes other limits, and is stopped", { timeout: 60_000 }, async () => {
  const state = { isMended: true, asked: 0 };
  await using origin = await faultyOrigin(state);
  const job = await startWithPage(itemsOf(origin, 100_000), "-j", "4", "--per-host", "2");
  const snapshots = listen(job.port, job.token);
  await until(
    () => state.asked,
    asked => asked > 20,
  );
  expect((await job.control({ action: "resume" })).status).toBe(409);
  const paused = JSON.parse((await job.control({ action: "pause" })).text) as ControlAnswer;
  expect(paused).toMatchObject({ state: "paused", message: expect.stringMatching(/^Paused/) });
  await delay(100);
  const asked = state.asked;
  await delay(200);
  expect(state.asked).toBe(asked);
  await until(
    () => snapshots.at(-1)!,
    ({ state: told, counts }) => told === "paused" && counts.running === 0,
  );
  expect(snapshots.at(-1)!.waitingFor).toMatchObject([{ why: "paused", count: expect.any(Number) }]);
  expect(snapshots.at(-1)!.controls).toEqual(["resume", "cancel", "set"]);

  const set = await job.control({ action: "set", concurrency: 30, perOrigin: 25, rate: "10000/s" });
  expect(JSON.parse(set.text)).toMatchObject({
    limits: { concurrency: 30, perOrigin: 25, rate: "10000/s", perOriginRate: null, most: 2_048 },
  });
  expect((await job.control({ action: "set", concurrency: 5_000 })).status).toBe(400);
  expect((await job.control({ action: "set", rate: "now and then" })).status).toBe(400);
  await job.control({ action: "resume" });
  await until(
    () => snapshots.at(-1)!,
    ({ counts }) => counts.running > 10,
  );

  const page = await job.read<ItemPage>("/api/items?limit=5");
  expect(page.items).toHaveLength(5);
  const cancelled = await job.control({ action: "cancel" });
  expect(JSON.parse(cancelled.text)).toMatchObject({ state: "stopping" });
  expect(await job.ended).toMatchObject({ code: 7, signal: null });
  expect(snapshots.at(-1)!.state).toBe("stopped");
  expect(job.rows()).toHaveLength(snapshots.at(-1)!.counts.done);
});

test("sends once more what has failed, when the list has been gone through", {
  timeout: 60_000,
}, async () => {
  const state = { isMended: false, asked: 0 };
  await using origin = await faultyOrigin(state);
  const job = await startWithPage(itemsOf(origin, 600), "-j", "10", "--per-host", "10");
  const snapshots = listen(job.port, job.token);
  await until(
    () => job.read<Snapshot["counts"] & JobFacts>("/api/job"),
    ({ controls }) => controls.includes("retry-failed"),
  );
  state.isMended = true;
  const answer = await job.control({ action: "retry-failed" });
  expect(JSON.parse(answer.text)).toMatchObject({ message: expect.stringContaining("when the list") });
  const { code } = await job.ended;
  expect(code).toBe(0);
  const rows = job.rows();
  expect(rows).toHaveLength(600);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(600);
  expect(snapshots.at(-1)).toMatchObject({
    state: "complete",
    counts: { done: 600, succeeded: 600, failed: 0 },
  });
});

test.each([
  ["cancelled", []],
  ["out of time", ["--deadline", "4s"]],
])(
  "%s, it ends, also where what has failed was to be sent once more",
  {
    timeout: 60_000,
  },
  async (how, flags) => {
    await using origin = await faultyOrigin();
    const job = await startWithPage(itemsOf(origin, 100_000), "-j", "10", "--per-host", "10", ...flags);
    await until(
      () => job.read<JobFacts>("/api/job"),
      ({ controls }) => controls.includes("retry-failed"),
    );
    expect((await job.control({ action: "retry-failed" })).status).toBe(200);
    if (how === "cancelled") expect((await job.control({ action: "cancel" })).status).toBe(200);
    const { code } = await job.ended;
    expect(code).toBe(7);
    expect(job.rows().length).toBeLessThan(100_000);
  },
);

test("a host that all others redirect to is sent no more at once than to any host, and as many as the page says", {
  timeout: 60_000,
}, async () => {
  const at = { now: 0, most: 0, done: 0 };
  await using target = await originServer({
    remember: 0,
    routes: {
      landed: ({ response }) => {
        at.now += 1;
        at.most = Math.max(at.most, at.now);
        setTimeout(() => {
          at.now -= 1;
          at.done += 1;
          response.end("here");
        }, 10);
      },
    },
  });
  await using origin = await originServer({
    remember: 0,
    routes: {
      item: ({ response }) => void response.writeHead(302, { location: `${target.url}/landed` }).end(),
    },
  });
  const { port } = new URL(origin.url);
  const hosts = Array.from({ length: 30 }, (_, i) => `host-${i}.test`);
  const resolve = hosts.flatMap(host => ["--resolve", `${host}:${port}:127.0.0.1`]);
  const urls = Array.from({ length: 6_000 }, (_, i) => `http://${hosts[i % 30]}:${port}/item/${i}`);
  const job = await startWithPage(urls, "-j", "100", "--per-host", "3", ...resolve);
  await until(
    () => at.done,
    done => done > 300,
  );
  expect(at.most).toBe(3);
  const set = await job.control({ action: "set", perOrigin: 12 });
  expect(JSON.parse(set.text)).toMatchObject({ limits: { perOrigin: 12 } });
  const { code } = await job.ended;
  expect(code).toBe(0);
  expect(at.most).toBe(12);
  expect(job.rows()).toHaveLength(6_000);
});

test("another process looks at it meanwhile; who leaves is forgotten", { timeout: 60_000 }, async () => {
  await using origin = await faultyOrigin();
  const job = await startWithPage(itemsOf(origin, 100_000), "-j", "10", "--per-host", "10");
  const looker = startSkein(["ui", "out.jsonl"], { cwd: job.cwd });
  onTestFinished(() => void looker.child.kill("SIGKILL"));
  let stdout = "";
  looker.child.stdout!.on("data", text => {
    stdout += text;
  });
  const url = new URL(
    await until(
      () => stdout,
      text => text.endsWith("\n"),
    ),
  );
  const snapshots = listen(Number(url.port), url.searchParams.get("token")!);
  await until(
    () => snapshots.length,
    length => length > 1,
  );
  expect(snapshots.at(-1)).toMatchObject({ state: "running", controls: [], limits: null });
  const first = snapshots.at(0)!.counts.done;
  await until(
    () => snapshots.at(-1)!.counts.done,
    done => done > first,
  );
  const series = await job.read<Series>("/api/series");
  expect(series.at.length).toBe(series.p95.length);
  looker.child.kill("SIGINT");
  expect((await looker.ended).code).toBe(0);
  await job.control({ action: "cancel" });
  expect((await job.ended).code).toBe(7);
});
