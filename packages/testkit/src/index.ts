// Every test imports `test` and `expect` from here, so that the same suite can run under another runner.
export {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  expectTypeOf,
  onTestFinished,
  test,
  vi,
} from "vitest";
export * from "./servers.ts";
