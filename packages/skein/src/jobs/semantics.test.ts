import { describe, expect, test } from "@skein/testkit";
import type { JobOptions } from "./job-options.ts";
import { requireSame, semanticsOf } from "./semantics.ts";

function of(options: Partial<JobOptions>) {
  return semanticsOf({ output: "out.jsonl", ...options } as JobOptions);
}

describe("what a job is", () => {
  test("is the same whatever the order and case of headers, and the way statuses are accepted", () => {
    const begun = of({
      headers: { Accept: "a", "X-B": "b" },
      accept: status => status >= 200 && status <= 299,
    });
    expect(of({ method: "get", headers: { "x-b": "b", accept: "a" }, bodies: "inline" })).toEqual(begun);
  });

  test("does not hold credentials or bodies", () => {
    const text = JSON.stringify(
      of({ headers: { Authorization: "Bearer canary", Cookie: "canary" }, body: "canary" }),
    );
    expect(text).not.toContain("canary");
  });

  test("is asked for statuses as ranges", () => {
    expect(of({ accept: status => status < 300 || status === 404 || status === 599 }).accept).toBe(
      "100-299,404,599",
    );
    expect(of({ accept: () => false }).accept).toBe("");
  });

  test.each([
    [{ method: "POST" }, "method was GET, is POST"],
    [{ headers: { accept: "x" } }, "the header accept was not given, is x"],
    [{ headers: { authorization: "x" } }, /the header authorization was not given, is sha256:/],
    [{ body: "x" }, /body was none, is sha256:/],
    [{ accept: () => true }, "accept was 200-299, is 100-599"],
    [{ bodies: "none" as const }, "bodies was inline, is none"],
    [{ bodies: { directory: "d" } }, "bodies was inline, is directory d"],
  ])("another: %j", (options, message) => {
    const check = () => requireSame(of({}), of(options), "out.jsonl");
    expect(check).toThrow(message);
    expect(check).toThrow(expect.objectContaining({ code: "JOB_DIFFERS", path: "out.jsonl" }));
  });

  test("every difference is named", () => {
    expect(() => requireSame(of({}), of({ method: "PUT", bodies: "none" }), "o")).toThrow(
      /method was GET, is PUT; bodies was inline, is none/,
    );
  });
});
