import { expected } from "../exit-code.ts";

/** A column of a table: its name, or its number from 1. */
export function parseColumn(flag: string, text: string): string | number {
  if (text.trim() === "") throw expected(flag, "the name of a column, or its number from 1", text);
  if (!/^\d+$/.test(text)) return text;
  const number = Number(text);
  if (number >= 1) return number;
  throw expected(flag, "the name of a column, or its number from 1", text);
}
