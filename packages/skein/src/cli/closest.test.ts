import { expect, test } from "@skein/testkit";
import { closest } from "./closest.ts";

test.each([
  ["perhost", "perHost"],
  ["per-host", "perHost"],
  ["timout", "timeout"],
  ["zzz", undefined],
])("%s was %s", (word, name) => {
  expect(closest(word, ["perHost", "timeout", "rate"])).toBe(name);
});
