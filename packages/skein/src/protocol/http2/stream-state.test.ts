import { describe, expect, test } from "@skein/testkit";
import {
  nextResponsePhase,
  type ResponseEvent,
  type ResponsePhase,
  type StreamEvent,
  type StreamState,
  streamTransition,
} from "./stream-state.ts";

/** The state behind the events, or what the first of them comes to that leads to none. */
function run(...events: StreamEvent[]): unknown {
  let state: StreamState = "idle";
  for (const event of events) {
    const transition = streamTransition(state, event);
    if (typeof transition === "string") return transition;
    if (!("to" in transition)) return transition;
    state = transition.to;
  }
  return state;
}

const STREAM_CLOSED = { streamError: "STREAM_CLOSED" };
const CONNECTION_CLOSED = { connectionError: "STREAM_CLOSED" };
const NOT_OPENED = { connectionError: "PROTOCOL_ERROR" };

describe("a stream (RFC 9113 §5.1)", () => {
  test.each<[string, StreamEvent[], unknown]>([
    ["a GET", ["send-headers-end", "recv-headers", "recv-data", "recv-data-end"], "closed"],
    ["an answer without a body", ["send-headers-end", "recv-headers-end"], "closed"],
    [
      "interim heads and trailers",
      ["send-headers-end", "recv-headers", "recv-headers", "recv-data", "recv-headers-end"],
      "closed",
    ],
    ["a POST", ["send-headers", "send-data", "send-data-end", "recv-headers-end"], "closed"],
    ["a POST with trailers", ["send-headers", "send-data", "send-headers-end", "recv-headers-end"], "closed"],
    ["an answer before the request has ended", ["send-headers", "recv-headers-end"], "half-closed-remote"],
    ["… which then ends", ["send-headers", "recv-headers-end", "send-data", "send-data-end"], "closed"],
    ["… or is given up", ["send-headers", "recv-headers-end", "send-reset"], "closed-by-our-reset"],
    ["a cancelled one", ["send-headers-end", "send-reset"], "closed-by-our-reset"],
    ["a refused one", ["send-headers-end", "recv-reset"], "closed-by-their-reset"],
    [
      "windows change nothing",
      ["send-headers-end", "recv-window-update", "send-window-update", "recv-headers"],
      "half-closed-local",
    ],
  ])("%s", (_, events, state) => {
    expect(run(...events)).toEqual(state);
  });

  const received: StreamEvent[] = ["recv-headers", "recv-headers-end", "recv-data", "recv-data-end"];
  const late: StreamEvent[] = ["recv-reset", "recv-window-update"];

  test("nothing may come on one that was never opened", () => {
    for (const event of [...received, ...late]) expect(run(event)).toEqual(NOT_OPENED);
  });

  test("nothing but resets and windows may come behind an end", () => {
    const ended: StreamEvent[] = ["send-headers-end", "recv-headers-end"];
    for (const event of received) expect(run(...ended, event)).toEqual(CONNECTION_CLOSED);
    for (const event of late) expect(run(...ended, event)).toBe("ignore");
    for (const event of received)
      expect(run("send-headers", "recv-headers-end", event)).toEqual(STREAM_CLOSED);
    expect(run("send-headers", "recv-headers-end", "recv-window-update")).toBe("half-closed-remote");
    expect(run("send-headers", "recv-headers-end", "recv-reset")).toBe("closed-by-their-reset");
  });

  test("anything may come behind our reset, and is ignored", () => {
    for (const event of [...received, ...late])
      expect(run("send-headers", "send-reset", event)).toBe("ignore");
  });

  test("what comes behind their reset is an error", () => {
    for (const event of received) expect(run("send-headers", "recv-reset", event)).toEqual(STREAM_CLOSED);
    for (const event of late) expect(run("send-headers", "recv-reset", event)).toBe("ignore");
  });

  test("we may not send out of turn", () => {
    const sent: StreamEvent[] = ["send-headers", "send-headers-end", "send-data", "send-data-end"];
    for (const event of [...sent, "send-reset", "send-window-update"] as StreamEvent[]) {
      expect(run("send-headers-end", "recv-headers-end", event)).toBe("illegal");
    }
    for (const event of sent) expect(run("send-headers-end", event)).toBe("illegal");
    for (const event of sent) expect(run("send-headers", "send-reset", event)).toBe("illegal");
    for (const event of ["send-data", "send-reset", "send-window-update"] as StreamEvent[]) {
      expect(run(event)).toBe("illegal");
    }
    // Trailers that do not end it.
    expect(run("send-headers", "send-headers")).toBe("illegal");
    expect(run("send-headers", "send-reset", "send-reset")).toBe("illegal");
  });
});

describe("an answer (RFC 9113 §8.1)", () => {
  function read(...events: `${ResponseEvent}${"" | " end"}`[]): ResponsePhase | "malformed" {
    let phase: ResponsePhase = "head";
    for (const event of events) {
      const [kind, end] = event.split(" ") as [ResponseEvent, string?];
      const next = nextResponsePhase(phase, kind, end !== undefined);
      if (next === undefined) return "malformed";
      phase = next;
    }
    return phase;
  }

  test("is interim heads, a final one, data and trailers", () => {
    expect(read("final end")).toBe("ended");
    expect(read("final", "data end")).toBe("ended");
    expect(read("interim", "interim", "final", "data", "data", "trailers end")).toBe("ended");
    expect(read("final", "trailers end")).toBe("ended");
    expect(read("interim")).toBe("head");
    expect(read("final")).toBe("body");
  });

  test("is malformed in any other order", () => {
    expect(read("interim end")).toBe("malformed");
    expect(read("data")).toBe("malformed");
    expect(read("interim", "data")).toBe("malformed");
    expect(read("trailers end")).toBe("malformed");
    expect(read("final", "final")).toBe("malformed");
    expect(read("final", "interim")).toBe("malformed");
    expect(read("final", "trailers")).toBe("malformed");
    expect(read("final end", "data")).toBe("malformed");
  });
});
