import { expect, type ScriptedConnection, type ScriptedServer, scriptedServer, test } from "@skein/testkit";
import { type Batch, Client, type SettledTask } from "../../src/entry/node.ts";
import { baseline, Chance, collectGarbage, LIMIT_MS, nothingEscapes, pause, TIMES } from "./harness.ts";

/** How a server treats a request: the same one in the same way each time, or well from some attempt on. */
type Fate = "ok" | "503" | "500" | "404" | "reset" | "closed" | "cut" | "bad-gzip";
const FAULTS: readonly Fate[] = ["503", "500", "404", "reset", "closed", "cut", "bad-gzip"];

const bodyOf = (path: string) => `${path}:`.repeat(20);

function sized(status: string, body: string, headers = ""): string {
  return `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** `/<fate>/<failures>/…`: so many attempts meet the fate, and the next ones an answer. */
async function faulty(connection: ScriptedConnection, seen: Map<string, number>): Promise<void> {
  for (;;) {
    const path = (await connection.readHead()).split(" ")[1]!;
    const [, fate, failures] = path.split("/");
    const attempt = (seen.get(path) ?? 0) + 1;
    seen.set(path, attempt);
    const good = sized("200 OK", bodyOf(path));
    switch (attempt <= Number(failures) ? (fate as Fate) : "ok") {
      case "reset":
        return connection.reset();
      case "closed":
        return connection.end();
      case "cut":
        await connection.write(good.slice(0, -5));
        return connection.end();
      case "bad-gzip":
        await connection.write(sized("200 OK", "no gzip", "Content-Encoding: gzip\r\n"));
        break;
      case "ok":
        await connection.write(good);
        break;
      default:
        await connection.write(sized(`${fate} Sorry`, "sorry"));
    }
  }
}

let lists = 0;

/** Paths of items, a fifth of which fail one, two or all three times; no two lists have one in common. */
function pathsOf(count: number, chance: Chance): string[] {
  lists += 1;
  return Array.from({ length: count }, (_, id) => {
    const fate = chance.happens(0.2) ? `${chance.pick(FAULTS)}/${1 + chance.int(3)}` : "ok/0";
    return `/${fate}/${lists}/${id}`;
  });
}

type Task = SettledTask<string, string>;

function expectRight(task: Task): void {
  const [, fate, failures] = task.input.split("/");
  const isFinal = fate === "404";
  const failsAll = fate !== "ok" && (isFinal || Number(failures) >= 3);
  if (task.state === "cancelled") return;
  // Without a byte of an answer on a kept connection, a request is sent once more, and that is no attempt.
  const isReplayed = fate === "reset" || fate === "closed";
  if (!isReplayed) expect(task.state, task.input).toBe(failsAll ? "failed" : "succeeded");
  expect(task.attempts.length).toBeLessThanOrEqual(isFinal ? 1 : Math.min(3, Number(failures) + 1));
  if (task.state === "succeeded") expect(task.value).toBe(bodyOf(task.input));
}

/** Every item that was taken is in one state. */
function expectCounted({ progress }: Batch<string, string>): void {
  const { pending, running, waiting, succeeded, failed, cancelled } = progress;
  expect(pending + running + waiting + succeeded + failed + cancelled).toBe(progress.pulled);
  for (const count of [pending, running, waiting]) expect(count).toBeGreaterThanOrEqual(0);
}

function batchOf(client: Client, server: ScriptedServer, paths: Iterable<string> | AsyncIterable<string>) {
  return client.batch(paths, {
    request: path => server.url + path,
    parse: response => response.text(),
    concurrency: 60,
  });
}

test("a fifth of 5,000 items meets faults: each settles once, rightly, within its attempts", {
  timeout: LIMIT_MS,
}, async () => {
  nothingEscapes();
  const chance = new Chance("batch");
  const seen = new Map<string, number>();
  const server = await scriptedServer(connection => faulty(connection, seen));
  const restored = baseline();
  const client = new Client();
  const paths = pathsOf(5_000 * TIMES, chance);
  const batch = batchOf(client, server, paths);
  const ids = new Set<number>();
  let attempts = 0;
  for await (const task of batch) {
    ids.add(task.id);
    attempts += task.attempts.length;
    expectRight(task as Task);
    expectCounted(batch as Batch<string, string>);
  }
  expect(ids.size).toBe(paths.length);
  expect(batch.progress).toMatchObject({
    pulled: paths.length,
    running: 0,
    waiting: 0,
    pending: 0,
    attempts,
  });
  // Each attempt was one request; a kept connection that was found dead is the only reason for one more.
  const requests = [...seen.values()].reduce((sum, count) => sum + count, 0);
  expect(requests).toBeGreaterThanOrEqual(attempts);
  expect(requests).toBeLessThan(attempts * 1.1);
  await client.close();
  await server.close();
  await restored();
});

test("a reader that is slow holds everything back: what is in memory does not grow with the list", {
  timeout: LIMIT_MS,
}, async () => {
  nothingEscapes();
  const big = sized("200 OK", "x".repeat(50_000));
  let answered = 0;
  await using server = await scriptedServer(async connection => {
    for (;;) {
      await connection.readHead();
      answered += 1;
      await connection.write(big);
    }
  });
  function* endless() {
    for (let id = 0; ; id++) yield `${server.url}/${id}`;
  }
  const client = new Client();
  const batch = client.batch(endless(), { concurrency: 20 });
  let read = 0;
  let heap = 0;
  for await (const _ of batch) {
    read += 1;
    expect(answered - read).toBeLessThan(256 + 20 + 2);
    if (read % 50 === 0) await pause(5);
    if (read === 500) heap = memory();
    if (read === 8_000) break;
  }
  expect(memory() - heap).toBeLessThan(80_000_000);
  expect(batch.progress.pulled - read).toBeLessThan(400);
  await client.close();
});

/** Bytes that are held, in the heap and beside it. */
function memory(): number {
  collectGarbage();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + Math.max(external, arrayBuffers);
}

/** A list, of one of the kinds that there are; `closed` counts how often it was closed before its end. */
function listOf(paths: readonly string[], kind: number, closed: { count: number }) {
  function* sync() {
    try {
      yield* paths;
    } finally {
      closed.count += 1;
    }
  }
  async function* async() {
    try {
      for (const path of paths) {
        if (kind === 2) await pause(0);
        yield path;
      }
    } finally {
      closed.count += 1;
    }
  }
  return kind === 0 ? sync() : async();
}

test("paused, drained, cancelled and left at any moment, a batch accounts for each item that it took", {
  timeout: LIMIT_MS,
}, async () => {
  nothingEscapes();
  const chance = new Chance("batch control");
  const seen = new Map<string, number>();
  const server = await scriptedServer(connection => faulty(connection, seen));
  const restored = baseline();
  const client = new Client();
  const until = performance.now() + 3_000 * TIMES;
  const ends: Record<string, number> = {};

  const once = async () => {
    const closed = { count: 0 };
    const controller = new AbortController();
    const paths = pathsOf(1 + chance.int(400), chance);
    const batch = client.batch(listOf(paths, chance.int(3), closed), {
      request: path => server.url + path,
      parse: response =>
        chance.happens(0.5) ? response.text() : pause(chance.int(3)).then(() => response.text()),
      concurrency: 1 + chance.int(60),
      signal: controller.signal,
      onFailure: chance.happens(0.1) ? "cancel-batch" : "continue",
    });
    const end = chance.pick(["drain", "cancel", "abort", "leave", "dispose", "nothing"]);
    ends[end] = (ends[end] ?? 0) + 1;
    const act: Record<string, () => unknown> = {
      drain: () => batch.drain(),
      cancel: () => batch.cancel(),
      abort: () => controller.abort(),
      dispose: () => batch[Symbol.asyncDispose](),
    };
    const actAt = chance.int(60);
    const timers = [setTimeout(() => act[end]?.(), actAt)];
    for (let pauses = chance.int(3); pauses > 0; pauses--) {
      const lasting = chance.int(20);
      // One timer sets the other: two that are set together may fire in either order on a busy loop.
      const begin = () => {
        batch.pause();
        timers.push(setTimeout(() => batch.resume(), lasting));
      };
      timers.push(setTimeout(begin, chance.int(40)));
    }
    const ids: number[] = [];
    const leaveAfter = end === "leave" ? chance.int(paths.length) : Number.POSITIVE_INFINITY;
    for await (const task of batch) {
      ids.push(task.id);
      expectRight(task as Task);
      expectCounted(batch as Batch<string, string>);
      if (ids.length > leaveAfter) break;
      if (chance.happens(0.01)) await pause(chance.int(5));
    }
    for (const timer of timers) clearTimeout(timer);
    expect(new Set(ids).size).toBe(ids.length);
    if (end !== "leave" && end !== "dispose") expect(ids.length).toBe(batch.progress.pulled);
    // What was in flight when the loop was left ends by itself, and at once.
    for (let tries = 0; tries < 200 && !isOver(batch); tries++) await pause(5);
    expect(batch.progress, `seed ${chance.seed}, ${end}`).toMatchObject({
      pending: 0,
      running: 0,
      waiting: 0,
    });
    expectCounted(batch as Batch<string, string>);
    for (let tries = 0; tries < 100 && closed.count === 0 && batch.progress.pulled > 0; tries++)
      await pause(5);
    if (batch.progress.pulled > 0) expect(closed.count).toBe(1);
  };
  while (performance.now() < until) await Promise.all(Array.from({ length: 12 }, once));
  console.log(`batch control: ${JSON.stringify(ends)}`);
  await client.close();
  await server.close();
  await restored();
});

function isOver({ progress }: Batch<string, unknown>): boolean {
  return progress.pending + progress.running + progress.waiting === 0;
}
