import { expect, test } from "@skein/testkit";
import { RowBytes } from "./row-bytes.ts";

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString();

test("what was written is taken once, in its order, as UTF-8", () => {
  const rows = new RowBytes();
  expect(rows.take()).toHaveLength(0);
  for (const line of ["a\n", "Grüße 世界 🧶\n", "\ud800\n"]) rows.write(line);
  expect(textOf(rows.take())).toBe("a\nGrüße 世界 🧶\n\ufffd\n");
  expect(rows.take()).toHaveLength(0);
});

test("as much as comes, however long a row is", () => {
  const rows = new RowBytes();
  const lines = [10, 200_000, 5, 3_000_000, 400_000, 1].map((length, i) => `${String(i).repeat(length)}ü\n`);
  for (const line of lines) rows.write(line);
  expect(textOf(rows.take())).toBe(lines.join(""));
});

test("memory is written again only when it was given back", () => {
  const rows = new RowBytes();
  const groups = Array.from({ length: 6 }, (_, i) => {
    rows.write(`group ${i}\n`);
    return rows.take();
  });
  expect(new Set(groups.map(({ buffer }) => buffer)).size).toBe(6);
  rows.giveBack(groups[2]!);
  rows.write("again\n");
  const again = rows.take();
  expect(again.buffer).toBe(groups[2]!.buffer);
  expect(textOf(again)).toBe("again\n");
  for (const i of [0, 1, 3, 4, 5]) expect(textOf(groups[i]!)).toBe(`group ${i}\n`);
});
