import { describe, expect, test } from "@skein/testkit";
import { ReceiveWindow, SendWindow } from "./flow-window.ts";

describe("SendWindow", () => {
  test("gives no more than it has", () => {
    const window = new SendWindow();
    expect(window.available(100_000)).toBe(65_535);
    window.take(65_000);
    expect([window.available(100), window.available(1_000)]).toEqual([100, 535]);
    expect(window.adjust(10)).toBe(true);
    expect(window.size).toBe(545);
  });

  test("may be negative after the peer's initial window became smaller, and then gives nothing", () => {
    const window = new SendWindow();
    window.take(60_000);
    expect(window.adjust(16_384 - 65_535)).toBe(true);
    expect(window.size).toBe(16_384 - 60_000);
    expect(window.available(1)).toBe(0);
    window.adjust(60_000);
    expect(window.available(100_000)).toBe(16_384);
  });

  test("may not exceed 2^31-1", () => {
    const window = new SendWindow();
    expect(window.adjust(2 ** 31 - 1 - 65_535)).toBe(true);
    expect(window.adjust(1)).toBe(false);
  });
});

describe("ReceiveWindow", () => {
  test("is updated when half of it was consumed", () => {
    const window = new ReceiveWindow(100);
    expect(window.receive(60)).toBe(true);
    expect(window.consume(49)).toBe(0);
    expect(window.left).toBe(40);
    expect(window.consume(1)).toBe(50);
    expect(window.left).toBe(90);
    expect(window.consume(10)).toBe(0);
  });

  test("what was not consumed is not given back", () => {
    const window = new ReceiveWindow(100);
    window.receive(100);
    expect(window.left).toBe(0);
    expect(window.consume(50)).toBe(50);
    expect(window.receive(51)).toBe(false);
  });

  test("tells when the peer sent more than it may", () => {
    const window = new ReceiveWindow(100);
    expect(window.receive(100)).toBe(true);
    expect(window.receive(1)).toBe(false);
  });

  test("frames that take nothing of it are never too much", () => {
    const window = new ReceiveWindow(100);
    window.receive(100);
    expect(window.receive(0)).toBe(true);
  });

  test("grows at once, with what it owes", () => {
    const window = new ReceiveWindow(100);
    window.receive(40);
    window.consume(10);
    expect(window.resize(200)).toBe(110);
    expect(window.left).toBe(170);
    expect(window.target).toBe(200);
  });

  test("shrinks as less is given back", () => {
    const window = new ReceiveWindow(100);
    window.receive(80);
    expect(window.resize(60)).toBe(0);
    expect(window.consume(40)).toBe(0);
    expect(window.consume(29)).toBe(0);
    expect(window.consume(1)).toBe(30);
    expect(window.left).toBe(50);
    expect(window.consume(10)).toBe(0);
    expect(window.left).toBeLessThanOrEqual(60);
  });

  test("never allows more than its target, whatever happens", () => {
    const window = new ReceiveWindow(1_000);
    let held = 0;
    for (let i = 1; i < 5_000; i++) {
      const length = Math.min((i * 7_919) % 400, Math.max(0, window.left));
      expect(window.receive(length)).toBe(true);
      held += length;
      const consumed = Math.min(held, (i * 104_729) % 500);
      held -= consumed;
      const increment = window.consume(consumed);
      expect(increment).toBeGreaterThanOrEqual(0);
      expect(window.left + held).toBeLessThanOrEqual(1_000);
      // It never dries up: what is neither allowed nor held is less than half.
      expect(window.left + held).toBeGreaterThan(500);
    }
  });
});
