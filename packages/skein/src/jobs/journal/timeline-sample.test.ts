import { expect, test } from "@skein/testkit";
import { Histogram } from "../../entry/figures.ts";
import { addLatency, latencyBlob } from "./timeline-sample.ts";

test("a histogram comes back from its bytes, and several add up", () => {
  const latency = new Histogram();
  for (let i = 0; i < 1_000; i++) latency.record(i / 3);
  latency.record(1e9);
  const sum = new Histogram();
  addLatency(sum, latencyBlob(latency));
  expect([...sum.buckets()]).toEqual([...latency.buckets()]);
  addLatency(sum, latencyBlob(latency));
  expect(sum.count).toBe(2_002);
  expect(sum.percentile(0.5)).toBe(latency.percentile(0.5));
  expect(latencyBlob(new Histogram())).toHaveLength(0);
});
