import { expect, test } from "@skein/testkit";
import type { PoolLimits } from "./limits.ts";
import { idleLimit, mostConnections } from "./limits.ts";
import { planConnection, yieldsTo } from "./plan.ts";

const LIMITS: PoolLimits = {
  maxConnections: 10,
  maxConnectionsPerOrigin: 4,
  maxInFlightPerOrigin: 100,
  maxKeepAlive: 10,
  maxWaiting: Number.POSITIVE_INFINITY,
  maxRequestsPerConnection: Number.POSITIVE_INFINITY,
  keepAliveExpiry: 5_000,
  maxAge: 300_000,
  maxHeaderBytes: 65_536,
  unreadBodyTimeout: 60_000,
  pingInterval: 15_000,
};

test.each([
  ["nobody waits", { open: 0, connecting: 0, waiting: 0, total: 0, idle: 0 }, "wait"],
  ["the first request", { open: 0, connecting: 0, waiting: 1, total: 0, idle: 0 }, "open"],
  ["enough are being opened", { open: 2, connecting: 2, waiting: 2, total: 2, idle: 0 }, "wait"],
  ["one more waits than are being opened", { open: 2, connecting: 1, waiting: 2, total: 2, idle: 0 }, "open"],
  ["the origin's limit is reached", { open: 4, connecting: 0, waiting: 9, total: 4, idle: 0 }, "wait"],
  ["the pool is full, others idle", { open: 1, connecting: 0, waiting: 1, total: 10, idle: 3 }, "make-room"],
  ["the pool is full and busy", { open: 1, connecting: 0, waiting: 1, total: 10, idle: 0 }, "queue-for-room"],
] as const)("%s", (_, occupancy, plan) => {
  expect(planConnection(occupancy, LIMITS)).toBe(plan);
});

test.each([
  [undefined, 5_000],
  [60_000, 5_000],
  [3_000, 2_000],
  [500, 0],
])("a server that keeps idle connections for %s ms: ours idle for %d", (server, ours) => {
  expect(idleLimit(LIMITS, server)).toBe(ours);
});

test.each([
  ["several, the other has none", [2, 0], [0, 0], true],
  ["one, and the other none", [1, 0], [0, 0], false],
  ["one, and the other none for long", [1, 1_000], [0, 700], true],
  ["as many, and the other waits for long", [3, 1_000], [3, 0], true],
  ["as many, and the other waits a little longer", [3, 1_000], [3, 800], false],
  ["as many, and waits longer itself", [3, 0], [3, 1_000], false],
  ["several, and nobody waits for them", [3, undefined], [3, 0], false],
] as const)("an origin that has %s yields: %j to %j: %s", (_, own, other, yields) => {
  const claim = ([open, waitingSince]: readonly [number, number | undefined]) => ({ open, waitingSince });
  expect(yieldsTo(claim(own), claim(other))).toBe(yields);
});

test.each([
  [4, 100, 4],
  [100, 4, 4],
])(
  "%d connections and %d requests an origin: %d connections, of one request each",
  (open, inFlight, most) => {
    const limits = { ...LIMITS, maxConnectionsPerOrigin: open, maxInFlightPerOrigin: inFlight };
    expect(mostConnections(limits)).toBe(most);
  },
);
