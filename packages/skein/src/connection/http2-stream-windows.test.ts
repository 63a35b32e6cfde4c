import { expect, test } from "@skein/testkit";
import { ReceiveWindow } from "../protocol/http2/flow-window.ts";
import { STREAM_WINDOW, StreamWindows } from "./http2-stream-windows.ts";

const MIB = 2 ** 20;

/** A server that sends all that it may, to a reader that takes it at once, so many times. */
function run(windows: StreamWindows, window: ReceiveWindow, times: number, keepsUp = true): void {
  for (let i = 0; i < times; i++) {
    const piece = Math.min(window.left, 16_384);
    expect(window.receive(piece)).toBe(true);
    windows.consume(window, piece, keepsUp);
  }
}

test("a small body never makes its window grow", () => {
  const window = new ReceiveWindow(STREAM_WINDOW);
  run(new StreamWindows(), window, 15);
  expect(window.target).toBe(STREAM_WINDOW);
});

test("that of a large body doubles, up to 4 MiB", () => {
  const windows = new StreamWindows();
  const window = new ReceiveWindow(STREAM_WINDOW);
  const targets = new Set<number>();
  for (let i = 0; i < 1_000; i++) {
    run(windows, window, 1);
    targets.add(window.target);
  }
  expect([...targets].map(target => target / MIB)).toEqual([0.5, 1, 2, 4]);
  expect(window.left).toBeGreaterThanOrEqual(2 * MIB);
});

test("a reader that is behind keeps the window that it has", () => {
  const window = new ReceiveWindow(STREAM_WINDOW);
  run(new StreamWindows(), window, 1_000, false);
  expect(window.target).toBe(STREAM_WINDOW);
});

test("all of a connection grow by 16 MiB together, whichever come and go", () => {
  const windows = new StreamWindows();
  const open = Array.from({ length: 100 }, () => new ReceiveWindow(STREAM_WINDOW));
  const total = () => open.reduce((sum, { target }) => sum + target, 0);
  for (const window of open) run(windows, window, 1_000);
  expect(total()).toBe(100 * STREAM_WINDOW + 16 * MIB);
  for (const window of open.splice(0, 50)) windows.release(window);
  for (const window of open) run(windows, window, 1_000);
  expect(total()).toBe(50 * STREAM_WINDOW + 16 * MIB);
});
