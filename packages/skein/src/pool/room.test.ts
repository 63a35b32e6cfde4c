import { expect, test } from "@skein/testkit";
import { Room } from "./room.ts";

/** A process with so many descriptors, of which so many are open besides those of connections. */
function files(limit: number, others: number) {
  const facts = { limit, others, connections: 0, looked: 0 };
  const descriptors = () => {
    facts.looked += 1;
    return { open: facts.others + facts.connections, limit: facts.limit };
  };
  return { facts, resources: { descriptors, memory: () => 0 } };
}

function openAsMany(room: Room, facts: { connections: number }, now = 0): number {
  while (facts.connections < room.size) {
    facts.connections += 1;
    room.opened({ all: facts.connections, opening: 0 }, now);
  }
  return facts.connections;
}

test("some descriptors are left to the rest of the process", () => {
  for (const limit of [64, 128, 1_024, 65_536]) {
    const { facts, resources } = files(limit, 20);
    const room = new Room(100_000, resources);
    expect(openAsMany(room, facts)).toBe(Math.floor(limit - 20 - Math.max(16, 0.05 * limit)));
    // To look costs time for each that is open: it is done the more seldom the more are free.
    expect(facts.looked).toBeLessThan(40);
  }
});

test("who has few connections does not ask; nor does more than the limit become possible", () => {
  const { facts, resources } = files(100_000, 20);
  const few = new Room(15, resources);
  openAsMany(few, facts);
  few.grows({ all: 15, opening: 0 }, 1_000);
  expect(facts.looked).toBe(0);
  const room = new Room(500, resources);
  expect(openAsMany(room, facts)).toBe(500);
});

test("it follows what others open and close, within a quarter of a second", () => {
  const { facts, resources } = files(1_024, 100);
  const room = new Room(10_000, resources);
  openAsMany(room, facts);
  expect(room.size).toBe(872);
  facts.others = 600;
  expect(room.grows({ all: facts.connections, opening: 0 }, 250)).toBe(false);
  expect(room.size).toBe(372);
  facts.connections = 300;
  expect(room.grows({ all: facts.connections, opening: 0 }, 499)).toBe(false);
  facts.others = 0;
  expect(room.grows({ all: facts.connections, opening: 0 }, 500)).toBe(true);
  expect(room.size).toBe(972);
});

test("those that are being opened are taken for such as need one still", () => {
  const { facts, resources } = files(1_024, 100);
  const room = new Room(10_000, resources);
  facts.connections = 200;
  room.opened({ all: 500, opening: 300 }, 0);
  expect(room.size).toBe(872);
});

test("there is always room for one", () => {
  const { facts, resources } = files(64, 64);
  const room = new Room(1_000, resources);
  facts.connections = 40;
  room.opened({ all: 40, opening: 0 }, 0);
  expect(room.size).toBe(1);
});

test("where nobody tells, the first that can't be opened does; after a second twice as many are tried", () => {
  const room = new Room(100, { descriptors: () => undefined, memory: () => 0 });
  room.opened({ all: 60, opening: 0 }, 0);
  expect(room.size).toBe(100);
  room.shrink(60, 0);
  expect(room.size).toBe(60);
  expect(room.grows({ all: 60, opening: 0 }, 1_000)).toBe(false);
  expect(room.grows({ all: 60, opening: 0 }, 1_001)).toBe(true);
  expect(room.size).toBe(100);
  expect(room.grows({ all: 60, opening: 0 }, 5_000)).toBe(false);
});
