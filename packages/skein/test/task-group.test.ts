import { getEventListeners } from "node:events";
import { describe, expect, fakeClock, originServer, test } from "@skein/testkit";
import { BaseTaskGroup, type TaskGroupOptions } from "../src/batch/task-group.ts";
import {
  AbortError,
  Client,
  GroupClosed,
  GroupError,
  isAborted,
  isGroupClosed,
  TaskGroup,
  TotalTimeout,
} from "../src/entry/node.ts";

const failure = (ends: Promise<unknown>): Promise<unknown> =>
  ends.then(
    () => expect.unreachable("it should have failed"),
    (error: unknown) => error,
  );

/** A task that ends when its signal aborts, or when it is told to. */
function held<T = string>() {
  const facts: { reason?: unknown; begun: boolean; ended: boolean } = { begun: false, ended: false };
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const run = async (signal: AbortSignal): Promise<T> => {
    facts.begun = true;
    const stop = () => {
      facts.reason = signal.reason;
      reject(signal.reason);
    };
    signal.addEventListener("abort", stop);
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", stop);
      facts.ended = true;
    }
  };
  return { run, facts, resolve, reject };
}

const fails = (error: unknown) => () => Promise.reject(error);
const later = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

describe("a group", () => {
  test("waits for all its tasks at the end of its block, and gives their results", async () => {
    const results: string[] = [];
    let task: Promise<number> | undefined;
    {
      await using group = new TaskGroup();
      group.run(async () => {
        await later(20);
        results.push("slow");
      });
      group.run(() => results.push("at once"));
      task = group.run(async () => 7);
    }
    expect(results).toEqual(["at once", "slow"]);
    expect(await task).toBe(7);
  });

  test("the first failure cancels the siblings, waits for their end, and is thrown", async () => {
    const sibling = held();
    const boom = new Error("boom");
    const error = await failure(
      (async () => {
        await using group = new TaskGroup();
        group.run(sibling.run);
        group.run(fails(boom));
      })(),
    );
    expect(error).toBe(boom);
    expect(sibling.facts).toEqual({ begun: true, ended: true, reason: boom });
  });

  test("what else fails is not lost: the first failure lists it", async () => {
    const group = new TaskGroup();
    const late = new Error("while ending");
    const boom = new Error("boom");
    group.run(fails(boom));
    group.run(async signal => {
      await new Promise(resolve => signal.addEventListener("abort", resolve));
      throw late;
    });
    const error = await failure(group.join());
    expect([error, group.failures]).toEqual([boom, [boom, late]]);
    expect((error as { suppressed?: unknown }).suppressed).toEqual([late]);
  });

  test("a failure that can't be changed, or is no object, is thrown as it is", async () => {
    for (const thrown of [Object.freeze(new Error("frozen")), "text", undefined]) {
      const group = new TaskGroup();
      group.run(fails(thrown));
      group.run(fails(new Error("another")));
      expect(await failure(group.join())).toBe(thrown);
      expect(group.failures).toHaveLength(2);
    }
  });

  test("collect: nobody is cancelled, and one error lists all failures", async () => {
    const group = new TaskGroup({ onError: "collect" });
    const sibling = held();
    const task = group.run(sibling.run);
    group.run(fails("one"));
    group.run(fails("two"));
    await later(5);
    expect(sibling.facts.ended).toBe(false);
    sibling.resolve("done");
    const error = await failure(group.join());
    expect(error).toBeInstanceOf(GroupError);
    expect(error).toMatchObject({
      message: "2 tasks of the group failed; the first: one",
      errors: ["one", "two"],
    });
    expect(await task).toBe("done");
  });

  test("runs as many at once as its limit, first come, first served", async () => {
    const group = new TaskGroup({ limit: 2 });
    const tasks = [held(), held(), held()];
    const [first, , third] = tasks.map(({ run }) => group.run(run));
    expect([group.running, group.pending, first?.state, third?.state]).toEqual([2, 1, "running", "pending"]);
    tasks[0]?.resolve("a");
    await first;
    await later(0);
    expect([tasks[2]?.facts.begun, third?.state, group.pending]).toEqual([true, "running", 0]);
    for (const { resolve } of tasks) resolve("b");
    await group.join();
    expect(third?.state).toBe("succeeded");
  });

  test("a task is cancelled alone; one that has not begun never begins", async () => {
    const group = new TaskGroup({ limit: 1 });
    const [first, second, third] = [held(), held(), held()];
    const running = group.run(first.run);
    const pending = group.run(second.run);
    const last = group.run(third.run);
    pending.cancel("not needed");
    expect(pending.state).toBe("cancelled");
    running.cancel("nor this");
    expect(await failure(running)).toMatchObject({ code: "ABORTED", message: "cancelled: nor this" });
    expect(await failure(pending)).toMatchObject({ code: "ABORTED", message: "cancelled: not needed" });
    third.resolve("done");
    await group.join();
    expect([await last, second.facts.begun, group.failures]).toEqual(["done", false, []]);
    running.cancel("it has ended");
    expect(running.state).toBe("cancelled");
  });

  test("cancelled by its own program: all tasks end, and the block ends well", async () => {
    const task = held();
    const group = new TaskGroup();
    const run = group.run(task.run);
    group.cancel("enough");
    await group.join();
    expect([run.state, task.facts.reason, group.signal.reason]).toEqual(["cancelled", "enough", "enough"]);
    expect(isAborted(await failure(run))).toBe(true);
  });

  test("a call that was started without the signal is cancelled all the same", async () => {
    await using origin = await originServer();
    await using client = new Client({ baseUrl: origin.url });
    const group = new TaskGroup();
    const call = group.run(() => client.get("/hang").text());
    group.cancel();
    await group.join();
    expect(call.state).toBe("cancelled");
  });

  test("what ends well after it was cancelled has succeeded", async () => {
    const group = new TaskGroup();
    const task = group.run(async signal => {
      await new Promise(resolve => signal.addEventListener("abort", resolve));
      return "in time";
    });
    group.cancel();
    await group.join();
    expect([task.state, await task]).toEqual(["succeeded", "in time"]);
  });

  test("after it was cancelled nothing begins; after its end it takes nothing", async () => {
    const group = new TaskGroup();
    group.cancel("over");
    const task = held();
    const late = group.run(task.run);
    expect(await failure(late)).toMatchObject({ code: "ABORTED", message: "cancelled: over" });
    await group.join();
    expect(task.facts.begun).toBe(false);
    expect(() => group.run(task.run)).toThrow(GroupClosed);
    try {
      group.run(task.run);
    } catch (error) {
      expect([isGroupClosed(error), (error as Error).name]).toEqual([true, "GroupClosed"]);
    }
  });

  test("a task may run others, also while the block waits at its end", async () => {
    const done: string[] = [];
    const group = new TaskGroup();
    group.run(async () => {
      await later(5);
      group.run(async () => {
        await later(5);
        done.push("child");
      });
      done.push("parent");
    });
    await group.join();
    expect(done).toEqual(["parent", "child"]);
  });

  test("who awaits a task of its group fails with the same error, which is told once", async () => {
    const group = new TaskGroup({ onError: "collect" });
    const child = group.run(fails(new Error("boom")));
    group.run(async () => {
      await child;
    });
    expect(((await failure(group.join())) as GroupError).errors).toHaveLength(1);
  });

  test("join tells of the failure; leaving the block does not tell it again", async () => {
    const told: unknown[] = [];
    {
      await using group = new TaskGroup();
      group.run(fails("boom"));
      await group.join().catch(error => told.push(error));
    }
    expect(told).toEqual(["boom"]);
  });

  test.each<[TaskGroupOptions, string]>([
    [{ limit: 0 }, "limit: expected a whole number of at least 1; got 0"],
    [{ onError: "ignore" as "cancel" }, 'onError: expected "cancel" or "collect"; got "ignore"'],
    [{ deadline: "soon" as "1s" }, "deadline: expected milliseconds"],
    [{ limits: 1 } as TaskGroupOptions, 'TaskGroup: there is no option "limits"; did you mean "limit"?'],
  ])("refuses %o", (options, message) => {
    expect(() => new TaskGroup(options)).toThrow(message);
  });
});

describe("a deadline", () => {
  test("cancels the tasks and is thrown, when they have ended; its timer is gone", async () => {
    const clock = fakeClock();
    const group = new BaseTaskGroup({ deadline: "5s" }, clock);
    const task = held();
    group.run(task.run);
    await clock.tick(4_999);
    expect(task.facts.ended).toBe(false);
    const ends = failure(group.join());
    await clock.tick(1);
    const error = await ends;
    expect(error).toBeInstanceOf(TotalTimeout);
    expect(error).toMatchObject({ code: "TOTAL_TIMEOUT", message: "the group did not end within 5 s" });
    expect([task.facts.reason, clock.pendingTimers]).toEqual([error, 0]);
  });

  test("one that is kept leaves no timer", async () => {
    const clock = fakeClock();
    const group = new BaseTaskGroup({ deadline: "5s" }, clock);
    group.run(() => 1);
    await group.join();
    expect(clock.pendingTimers).toBe(0);
  });

  test("one that has passed begins nothing", async () => {
    const task = held();
    const group = new TaskGroup({ deadline: new Date(0) });
    group.run(task.run);
    expect(await failure(group.join())).toMatchObject({ code: "TOTAL_TIMEOUT" });
    expect(task.facts.begun).toBe(false);
  });

  test("one beyond the longest timer of the platform is kept", async () => {
    const clock = fakeClock();
    const limited = {
      now: () => clock.now(),
      wallNow: () => clock.wallNow(),
      random: () => clock.random(),
      setTimer: shortTimers(clock),
    };
    const group = new BaseTaskGroup({ deadline: "1000h" }, limited);
    group.run(held().run);
    await clock.tick(1_000_000);
    expect(group.signal.aborted).toBe(false);
    await clock.tick(3_600_000_000);
    expect(group.signal.reason).toBeInstanceOf(TotalTimeout);
  });
});

/** As the platform's, whose longest timer is 24 days, but shorter. */
function shortTimers(clock: ReturnType<typeof fakeClock>): typeof clock.setTimer {
  return (run, ms) => clock.setTimer(run, Math.min(ms, 900_000));
}

describe("a signal", () => {
  test("cancels the group, which ends with AbortError, and is let go of", async () => {
    const controller = new AbortController();
    const group = new TaskGroup({ signal: controller.signal });
    const task = held();
    group.run(task.run);
    controller.abort("shutdown");
    const error = await failure(group.join());
    expect(error).toBeInstanceOf(AbortError);
    expect(error).toMatchObject({ message: "cancelled: shutdown", cause: "shutdown" });
    expect(task.facts.reason).toBe("shutdown");
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test("one that never aborts is let go of at the end", async () => {
    const { signal } = new AbortController();
    const group = new TaskGroup({ signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    group.run(() => 1);
    await group.join();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("one that has aborted begins nothing", async () => {
    const group = new TaskGroup({ signal: AbortSignal.abort("before") });
    const task = held();
    group.run(task.run);
    await expect(group.join()).rejects.toMatchObject({ code: "ABORTED", cause: "before" });
    expect(task.facts.begun).toBe(false);
  });

  test("flows down into groups within groups", async () => {
    const outer = new TaskGroup();
    const inner = held();
    const task = outer.run(async signal => {
      await using group = new TaskGroup({ signal });
      group.run(inner.run);
    });
    outer.cancel("all of it");
    await outer.join();
    expect([inner.facts.ended, inner.facts.reason, task.state]).toEqual([true, "all of it", "cancelled"]);
  });

  test("the failure of an inner group ends the outer one", async () => {
    const outer = new TaskGroup();
    const sibling = held();
    outer.run(sibling.run);
    outer.run(signal => new TaskGroup({ signal }).scope(group => void group.run(fails("deep"))));
    expect(await failure(outer.join())).toBe("deep");
    expect(sibling.facts.ended).toBe(true);
  });
});

describe("scope", () => {
  test("returns what its body returns, once all tasks have ended", async () => {
    let ended = false;
    const value = await new TaskGroup({ limit: 3 }).scope(async group => {
      group.run(async () => {
        await later(10);
        ended = true;
      });
      return (await group.run(async () => 20)) + 1;
    });
    expect([value, ended]).toEqual([21, true]);
  });

  test("a body that throws cancels the tasks: there is one error", async () => {
    for (const onError of ["cancel", "collect"] as const) {
      const task = held();
      const boom = new Error("body");
      const error = await failure(
        new TaskGroup({ onError }).scope(group => {
          group.run(task.run);
          throw boom;
        }),
      );
      expect([error, task.facts.reason, task.facts.ended]).toEqual([boom, boom, true]);
    }
  });

  test("a body that awaits what fails, or what is cancelled with it, throws the failure itself", async () => {
    const boom = new Error("boom");
    const error = await failure(
      new TaskGroup().scope(async group => {
        const cancelled = group.run(held().run);
        group.run(fails(boom));
        await cancelled;
      }),
    );
    expect(error).toBe(boom);
    expect((error as { suppressed?: unknown }).suppressed).toBeUndefined();
    const awaited = await failure(new TaskGroup().scope(group => group.run(fails(boom))));
    expect(awaited).toBe(boom);
  });

  test("a body that cancels its own group has no value to return", async () => {
    const scope = new TaskGroup().scope(async group => {
      const task = group.run(held().run);
      group.cancel("enough");
      return task;
    });
    await expect(scope).rejects.toMatchObject({ code: "ABORTED", cause: "enough" });
    const ended = new TaskGroup().scope(group => {
      group.run(held().run);
      group.cancel();
      return "fine";
    });
    expect(await ended).toBe("fine");
  });
});
