import { describe, expect, test } from "@skein/testkit";
import { linksByRelation, parseLinks } from "./link-header.ts";

const facts = (field: string) => parseLinks(field).map(({ url, rel }) => [url, rel]);

describe("links", () => {
  test.each<[field: string, links: string[][]]>([
    ["", []],
    ["<https://a.test/2>; rel=next", [["https://a.test/2", "next"]]],
    [
      '</2>; rel="next", </9>; rel="last"',
      [
        ["/2", "next"],
        ["/9", "last"],
      ],
    ],
    ['</2>; title="a, b; <c>"; rel="next"', [["/2", "next"]]],
    [
      '</2>; title="a \\"quoted\\", comma"; rel=next,</3>;rel=prev',
      [
        ["/2", "next"],
        ["/3", "prev"],
      ],
    ],
    ["</a,b;c>; rel=next", [["/a,b;c", "next"]]],
    ['</2> ; REL = "Next Last"', [["/2", "next last"]]],
    ["</2>; rel=next; rel=prev", [["/2", "next"]]],
    ["</2>", [["/2", ""]]],
    [",, </2>;; rel=next ,", [["/2", "next"]]],
    ['</2>; rel="next', [["/2", "next"]]],
    ["</2>; rel=next, junk, </3>; rel=last", [["/2", "next"]]],
    ["<", []],
    ["junk", []],
  ])("of %j", (field, links) => {
    expect(facts(field)).toEqual(links);
  });

  test("parameters, escapes taken off, without a prototype", () => {
    const [link] = parseLinks('</>; title="a\\\\b\\"c"; hreflang=de; x; __proto__=1; title=second');
    expect(link!.params.title).toBe('a\\b"c');
    expect(link!.params.hreflang).toBe("de");
    expect(link!.params.x).toBe("");
    expect(Object.keys(link!.params)).toContain("__proto__");
    expect("toString" in link!.params).toBe(false);
  });

  test("by relation: the first of each", () => {
    const links = linksByRelation(parseLinks('</1>; rel="next x", </2>; rel=next, </3>; rel=constructor'));
    const urlOf = (relation: string) => links[relation]?.url;
    expect(["next", "x", "constructor", "toString"].map(urlOf)).toEqual(["/1", "/1", "/3", undefined]);
  });

  test.each([
    ["quotes that never close", `</>; title="${"\\".repeat(1e6)}`],
    ["commas", ",".repeat(1e6)],
    ["semicolons", `</>${";".repeat(1e6)}`],
    ["opening brackets", "<".repeat(1e6)],
    ["links", "<a>;rel=b,".repeat(1e5)],
    ["spaces", `</>; a ${" ".repeat(1e6)}x`],
  ])("a megabyte of %s is read at once", (_, field) => {
    const startedAt = performance.now();
    parseLinks(field);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
