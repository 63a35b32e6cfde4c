import { describe, expect, test } from "@skein/testkit";
import { ExchangeRecord, timingsOf } from "./timings.ts";

const record = (marks: Partial<ExchangeRecord>) => Object.assign(new ExchangeRecord(100), marks);
const done = { dispatchedAt: 110, sentAt: 111, headAt: 130, endedAt: 140 };

describe("timings", () => {
  test("of a kept connection", () => {
    expect(timingsOf(record(done))).toEqual({
      queue: 10,
      dns: undefined,
      connect: undefined,
      tls: undefined,
      send: 1,
      wait: 19,
      receive: 10,
    });
  });

  test.each([
    [
      "all steps",
      { startedAt: 101, resolveAt: 101, connectAt: 103, proxyAt: 0, tlsAt: 106, readyAt: 110 },
      [1, 2, 3, 4, 1],
    ],
    [
      "through a proxy that speaks TLS",
      { startedAt: 101, resolveAt: 101, connectAt: 102, proxyAt: 104, tlsAt: 108, readyAt: 110 },
      [1, 1, 2, 2, 1],
    ],
    [
      "an address",
      { startedAt: 101, resolveAt: 0, connectAt: 101, proxyAt: 0, tlsAt: 0, readyAt: 109 },
      [1, undefined, 8, undefined, 2],
    ],
    [
      "opened before it came",
      { startedAt: 90, resolveAt: 90, connectAt: 95, proxyAt: 0, tlsAt: 0, readyAt: 105 },
      [0, 0, 5, undefined, 6],
    ],
    [
      "a runtime that tells no steps",
      { startedAt: 101, resolveAt: 0, connectAt: 0, proxyAt: 0, tlsAt: 0, readyAt: 105 },
      [1, undefined, undefined, undefined, 10],
    ],
  ])("of a new one: %s", (_name, opening, expected) => {
    const { queue, dns, connect, tls, send } = timingsOf(record({ ...done, opening }));
    expect([queue, dns, connect, tls, send]).toEqual(expected);
  });

  test.each([
    ["waiting", {}, { queue: 50 }],
    [
      "resolving",
      { opening: { startedAt: 100, resolveAt: 100, connectAt: 0, proxyAt: 0, tlsAt: 0, readyAt: 0 } },
      { queue: 0, dns: 50 },
    ],
    [
      "in the handshake",
      { opening: { startedAt: 100, resolveAt: 0, connectAt: 100, proxyAt: 0, tlsAt: 120, readyAt: 0 } },
      { queue: 0, connect: 20, tls: 30 },
    ],
    ["sending", { dispatchedAt: 110 }, { queue: 10, send: 40 }],
    ["waiting for the head", { dispatchedAt: 110, sentAt: 111 }, { queue: 10, send: 1, wait: 39 }],
    ["in the body", { ...done, endedAt: 0 }, { queue: 10, send: 1, wait: 19, receive: 20 }],
  ])("of one that failed while %s", (_name, marks, expected) => {
    const timings = timingsOf(record({ ...marks, endedAt: 150 }));
    expect(Object.fromEntries(Object.entries(timings).filter(([, ms]) => ms !== undefined))).toEqual(
      expected,
    );
  });

  test("of a body that still comes in, and of what no connection carried", () => {
    expect(timingsOf(record({ ...done, endedAt: 0 })).receive).toBeUndefined();
    expect(Object.values(timingsOf(undefined)).every(ms => ms === undefined)).toBe(true);
  });
});
