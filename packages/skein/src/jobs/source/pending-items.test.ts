import { expect, test } from "@skein/testkit";
import { PendingItem, PendingItems } from "./pending-items.ts";

function item(line: number): PendingItem {
  const source = {
    kind: "item",
    line,
    nextOffset: line * 10,
    request: { url: "http://a.example/" },
    key: 1,
  } as const;
  return new PendingItem(source, { offset: (line - 1) * 10, line: line - 1 });
}

function linesIn(items: PendingItems): number[] {
  return [...items].map(({ item }) => item.line);
}

test("keeps the order of the list, whatever ends first", () => {
  const items = new PendingItems();
  const all = [1, 2, 3, 4, 5].map(item);
  for (const one of all) items.add(one);
  items.delete(all[2]!);
  expect(linesIn(items)).toEqual([1, 2, 4, 5]);
  expect(items.first).toBe(all[0]);
  items.delete(all[0]!);
  expect(items.first).toBe(all[1]);
  items.delete(all[4]!);
  items.add(item(6));
  expect(linesIn(items)).toEqual([2, 4, 6]);
  expect(items.size).toBe(3);
});

test("is empty again when all have ended", () => {
  const items = new PendingItems();
  const all = [1, 2, 3].map(item);
  for (const one of all) items.add(one);
  for (const one of all.reverse()) items.delete(one);
  expect(items.first).toBeUndefined();
  expect(items.size).toBe(0);
  items.add(item(4));
  expect(linesIn(items)).toEqual([4]);
});
