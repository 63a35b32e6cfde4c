import { expect, test } from "@skein/testkit";
import { ThreadRouter } from "./thread-router.ts";

test("an origin has one thread, however it is spelled; new ones go to the thread with the fewest", () => {
  const router = new ThreadRouter(2);
  expect(router.threadOf("https://a.example/1")).toBe(0);
  expect(router.threadOf("https://b.example")).toBe(1);
  expect(router.threadOf("https://c.example?q")).toBe(0);
  for (const url of ["HTTPS://A.example/2", "https://a.example:443/3", "https://user:secret@a.example/4"])
    expect(router.threadOf(url)).toBe(0);
  expect(router.threadOf("https://a.example:8443/")).toBe(1);
  expect(router.threadOf("http://a.example/")).toBe(0);
});

test("where domains are limited, one of them has one thread", () => {
  const router = new ThreadRouter(3, host => host.split(".").slice(-2).join("."));
  expect(router.threadOf("https://a.one.example:8443/")).toBe(0);
  expect(router.threadOf("https://two.test/")).toBe(1);
  expect(router.threadOf("http://b.one.example/")).toBe(0);
});
