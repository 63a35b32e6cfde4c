import { describe, expect, test } from "@skein/testkit";
import { Headers } from "./headers.ts";

const LINES =
  "Content-Type: text/plain\r\nSet-Cookie: a=1; expires=Thu, 01 Jan 2026 00:00:00 GMT\r\nX-Empty:\r\nset-cookie:\tb=2 \r\n";

describe.each([
  ["as text", () => Headers.fromFieldLines(LINES)],
  [
    "taken apart",
    () => {
      const headers = Headers.fromFieldLines(LINES);
      expect(headers.size).toBe(4);
      return headers;
    },
  ],
])("headers of a response, %s", (_, make) => {
  test("are found whatever their case", () => {
    expect(make().get("content-type")).toBe("text/plain");
    expect(make().get("CONTENT-TYPE")).toBe("text/plain");
    expect(make().has("content-typ")).toBe(false);
    expect(make().get("content-type:")).toBeNull();
  });

  test("that repeat are listed apart, and joined where one value is asked for", () => {
    expect(make().getList("Set-Cookie")).toEqual(["a=1; expires=Thu, 01 Jan 2026 00:00:00 GMT", "b=2"]);
    expect(make().get("set-cookie")).toBe("a=1; expires=Thu, 01 Jan 2026 00:00:00 GMT, b=2");
  });

  test("may be empty", () => {
    expect(make().get("x-empty")).toBe("");
    expect(make().has("x-empty")).toBe(true);
  });

  test("keep their order and the case of their names", () => {
    expect([...make()].map(([name]) => name)).toEqual([
      "Content-Type",
      "Set-Cookie",
      "X-Empty",
      "set-cookie",
    ]);
  });
});

describe("headers to send", () => {
  test("from an object: arrays repeat, null and undefined are left out, numbers are text", () => {
    const headers = Headers.from({ a: "1", b: ["2", "3"], c: null, d: undefined, e: 5 });
    expect([...headers]).toEqual([
      ["a", "1"],
      ["b", "2"],
      ["b", "3"],
      ["e", "5"],
    ]);
  });

  test("merge replaces by name, and null removes", () => {
    const merged = Headers.from({ Accept: "*/*", "User-Agent": "x", "X-Keep": "1" }).merge({
      accept: "text/html",
      "user-agent": null,
    });
    expect(merged.toJSON()).toEqual({ accept: "text/html", "x-keep": "1" });
  });

  test("merging the same Headers again gives the same object; merging nothing, the base itself", () => {
    const base = Headers.from({ accept: "*/*" });
    const more = Headers.from({ "x-a": "1" });
    expect(base.merge(more)).toBe(base.merge(more));
    expect(base.merge(more).toJSON()).toEqual({ accept: "*/*", "x-a": "1" });
    expect(base.merge({})).toBe(base);
  });

  test("a value whose toString changes between calls is read once", () => {
    let reads = 0;
    const value = { toString: () => `read ${++reads}` } as unknown as string;
    const headers = Headers.from({ x: value });
    expect([headers.get("x"), headers.get("x")]).toEqual(["read 1", "read 1"]);
  });

  test("names such as __proto__ are names like all others", () => {
    const headers = Headers.from([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
    expect(headers.get("__proto__")).toBe("a");
    expect(Object.keys(headers.toJSON())).toEqual(["__proto__", "constructor"]);
  });
});
