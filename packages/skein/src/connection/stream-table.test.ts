import { expect, test } from "@skein/testkit";
import { StreamTable, type Tabled } from "./stream-table.ts";

class Stream implements Tabled<Stream> {
  nextInPlace: Stream | undefined;
  readonly id: number;

  constructor(id: number) {
    this.id = id;
  }
}

test("against a Map: thousands of streams come and go, some stay", () => {
  const table = new StreamTable<Stream>();
  const map = new Map<number, Stream>();
  let random = 7;
  for (let id = 1; id < 20_000; id += 2) {
    const stream = new Stream(id);
    table.add(stream);
    map.set(id, stream);
    random = (random * 48_271) % 2_147_483_647;
    // Every hundredth is never closed.
    const open = [...map.keys()].filter(one => one % 200 !== 1);
    if (open.length > 60) {
      const closed = map.get(open[random % open.length]!)!;
      expect(table.delete(closed)).toBe(true);
      expect([table.delete(closed), closed.nextInPlace]).toEqual([false, undefined]);
      map.delete(closed.id);
    }
  }
  expect(table.size).toBe(map.size);
  expect(table.values()).toEqual([...map.values()]);
  for (let id = 1; id < 20_000; id += 2) expect(table.get(id)).toBe(map.get(id));
  expect(table.get(20_001)).toBeUndefined();
});
