import { FakeClock, type FakeClockOptions } from "../../skein/src/runtime/fake/fake-clock.ts";

export { FakeClock, type FakeClockOptions };

/** A clock that stands still until `advance(ms)` or `await tick(ms)`. */
export function fakeClock(options?: FakeClockOptions): FakeClock {
  return new FakeClock(options);
}
