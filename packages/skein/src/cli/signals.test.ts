import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "@skein/testkit";
import { DRAIN_TIME, handleStopSignals } from "./signals.ts";

describe("handleStopSignals", () => {
  let source: EventEmitter;
  let calls: string[];
  let stop: () => void;
  beforeEach(() => {
    vi.useFakeTimers();
    source = new EventEmitter();
    calls = [];
    const handlers = {
      drain: () => calls.push("drain"),
      abort: (why: string) => calls.push(`abort: ${why}`),
      kill: () => calls.push("kill"),
    };
    stop = handleStopSignals(handlers, source);
  });
  afterEach(() => {
    stop();
    vi.useRealTimers();
  });

  test("once drains, twice aborts, a third time kills", () => {
    source.emit("SIGINT", "SIGINT");
    expect(calls).toEqual(["drain"]);
    source.emit("SIGINT", "SIGINT");
    source.emit("SIGTERM", "SIGTERM");
    expect(calls).toEqual(["drain", "abort: signal", "kill"]);
    vi.advanceTimersByTime(DRAIN_TIME * 2);
    expect(calls).toHaveLength(3);
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"])("a drain after %s that takes too long aborts", signal => {
    source.emit(signal, signal);
    vi.advanceTimersByTime(DRAIN_TIME - 1);
    expect(calls).toEqual(["drain"]);
    vi.advanceTimersByTime(1);
    expect(calls).toEqual(["drain", "abort: drain-time"]);
  });

  test("after a drain that took too long, the next signal kills", () => {
    source.emit("SIGINT", "SIGINT");
    vi.advanceTimersByTime(DRAIN_TIME);
    source.emit("SIGINT", "SIGINT");
    expect(calls.at(-1)).toBe("kill");
  });

  test("no listener and no timer is left behind", () => {
    source.emit("SIGINT", "SIGINT");
    stop();
    expect(source.eventNames()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
