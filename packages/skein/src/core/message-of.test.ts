import { expect, test } from "@skein/testkit";
import { messageOf } from "./message-of.ts";

const broken = new Error("x");
Object.defineProperty(broken, "message", {
  get() {
    throw new Error("no message for you");
  },
});

test.each([
  [new Error("why"), "why"],
  ["text", "text"],
  [undefined, "undefined"],
  [Symbol("s"), "Symbol(s)"],
  [Object.assign(new Error("x"), { message: Symbol("m") }), "Symbol(m)"],
  [Object.create(null), "an object that can't be shown"],
  [broken, "an object that can't be shown"],
])("%#", (thrown, message) => {
  expect(messageOf(thrown)).toBe(message);
});
