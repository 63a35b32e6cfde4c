import { expect, test } from "@skein/testkit";
import { KINDS, urlList } from "./url-list.ts";

const origins = { main: "http://a.test", limited: "http://b.test" };

test("every kind has its share, and no URL occurs twice", () => {
  const entries = urlList(origins, 20_000);
  for (const kind of KINDS) {
    expect(entries.filter(entry => entry.kind === kind)).toHaveLength(kind.share * 20);
  }
  expect(new Set(entries.map(entry => entry.url)).size).toBe(20_000);
});

test("the kinds are mixed: each is met early", () => {
  const first = urlList(origins, 1_000).slice(0, 500);
  expect(new Set(first.map(entry => entry.kind)).size).toBe(KINDS.length);
});
