/**
 * `node scheduling-process.ts <plain|deadline|priority> <tasks>` prints what the scheduler of a batch takes for a task, in
 * microseconds: it is put in, given, and its end is told, with 10,000 origins that have 2 tasks each ready all the time.
 */
import { OriginScheduler } from "../packages/skein/src/batch/scheduler/origin-scheduler.ts";
import type { Schedulable } from "../packages/skein/src/batch/scheduler/schedulable.ts";
import { DEFAULT_BREAKER_RULES } from "../packages/skein/src/policy/circuit-breaker.ts";

const [kind, countText] = process.argv.slice(2) as ["plain" | "deadline" | "priority", string];
const ORIGINS = 10_000;
const RUNNING = 500;
const origins = Array.from({ length: ORIGINS }, (_, i) => `https://host-${i}.test:443`);

let seed = 1;
function random(): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
}

function newTask(id: number, now: number): Schedulable {
  return {
    origin: origins[id % ORIGINS]!,
    deadline: kind === "deadline" ? now + 30_000 + random() * 30_000 : Number.POSITIVE_INFINITY,
    priority: kind === "priority" ? Math.floor(random() * 3) : 0,
    retryCost: undefined,
    permit: undefined,
  };
}

function run(tasks: number): number {
  const scheduler = new OriginScheduler<Schedulable>({
    perOrigin: 8,
    findsPerOrigin: false,
    rate: undefined,
    perOriginRate: undefined,
    circuitBreaker: DEFAULT_BREAKER_RULES,
    random,
  });
  const running: Schedulable[] = [];
  let id = 0;
  for (; id < 2 * ORIGINS; id++) scheduler.add(newTask(id, 0));
  const started = performance.now();
  for (let now = 0; id < tasks; id++, now += 0.01) {
    scheduler.takeExpired(now);
    const task = scheduler.next(now);
    if (task === undefined) throw new Error("nothing to start, with so many ready");
    running.push(task);
    scheduler.add(newTask(id, now));
    if (running.length < RUNNING) continue;
    const place = Math.floor(random() * RUNNING);
    const ended = running[place]!;
    running[place] = running[RUNNING - 1]!;
    running.pop();
    scheduler.answered(ended.origin);
    scheduler.release(ended, { now, good: true, ms: 10, outcome: "good" });
  }
  return ((performance.now() - started) * 1_000) / (tasks - 2 * ORIGINS);
}

run(100_000);
console.log(run(Number(countText)).toFixed(2));
