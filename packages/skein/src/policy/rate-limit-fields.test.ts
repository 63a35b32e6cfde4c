import { expect, test } from "@skein/testkit";
import { Headers } from "../core/headers.ts";
import { rateLimitFacts } from "./rate-limit-fields.ts";

const NOW = Date.UTC(2026, 0, 1);
const rate = (count: number, per: number) => ({ count, per, burst: undefined });

test.each([
  [{ "ratelimit-policy": '"default";q=100;w=60' }, rate(100, 60_000), undefined],
  [{ "ratelimit-policy": '"burst";q=10;w=1, "day, all";q=5000;w=86400' }, rate(5_000, 86_400_000), undefined],
  [
    { "ratelimit-policy": '"bytes";q=65535;qu="content-bytes";w=1, "n";w=10;q=5' },
    rate(5, 10_000),
    undefined,
  ],
  [
    { "ratelimit-policy": "100;w=60", ratelimit: "limit=100, remaining=0, reset=7" },
    rate(100, 60_000),
    7_000,
  ],
  [{ "ratelimit-limit": "10, 10;w=1, 50;w=60", "ratelimit-reset": "3" }, rate(50, 60_000), 3_000],
  [{ ratelimit: '"default";r=0;t=12' }, undefined, 12_000],
  [{ "x-ratelimit-limit": "60", "x-ratelimit-reset": "30" }, undefined, 30_000],
  [{ "x-ratelimit-reset": String(NOW / 1_000 + 90) }, undefined, 90_000],
  [{ "x-ratelimit-reset": String(NOW / 1_000 - 90) }, undefined, undefined],
  [{ "x-ratelimit-reset": String(NOW + 90_000) }, undefined, undefined],
  [
    { "ratelimit-policy": '"a";q=0;w=1, ;;=, "b";q=x;w=1, "c";q=5', "ratelimit-reset": "soon" },
    undefined,
    undefined,
  ],
  [{ "ratelimit-policy": `${"a".repeat(2_000)};q=1;w=1` }, undefined, undefined],
  [{}, undefined, undefined],
])("%j", (fields, quota, resetMs) => {
  expect(rateLimitFacts(Headers.from(fields as Record<string, string>), NOW)).toEqual({ quota, resetMs });
});
