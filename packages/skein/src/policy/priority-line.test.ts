import { expect, test } from "@skein/testkit";
import { PriorityLine } from "./priority-line.ts";

test("the higher priority first, then in order, whatever comes and goes (seeded)", () => {
  const seed = Date.now() % 100_000;
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const line = new PriorityLine<{ id: number; priority: number }>();
  let model: { id: number; priority: number }[] = [];
  for (let id = 0; id < 5_000; id++) {
    if (random(3) > 0) {
      const item = { id, priority: random(5) - 2 };
      line.push(item, item.priority);
      model.push(item);
    } else {
      const next = model.toSorted((a, b) => b.priority - a.priority || a.id - b.id)[0];
      expect(line.shift(), `seed ${seed}`).toBe(next);
      model = model.filter(item => item !== next);
    }
    if (id % 500 !== 0) continue;
    line.keep(item => item.id % 2 === 0);
    model = model.filter(item => item.id % 2 === 0);
    expect(line.size, `seed ${seed}`).toBe(model.length);
  }
});

test("heads: the first of each priority from one up, the others forgotten on the way", () => {
  const line = new PriorityLine<string>();
  for (const [item, priority] of [
    ["a", 0],
    ["over", 1],
    ["b", 1],
    ["c", 2],
    ["low", -1],
  ] as const)
    line.push(item, priority);
  expect([...line.heads(0, item => item === "over")]).toEqual(["c", "b", "a"]);
  expect(line.size).toBe(4);
  expect([...line.heads(2, () => true)]).toEqual([]);
  expect([line.size, line.shift()]).toEqual([3, "b"]);
});
