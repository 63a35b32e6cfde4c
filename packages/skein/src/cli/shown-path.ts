import { isAbsolute, relative } from "node:path";
import { printable } from "./render/printable.ts";

/** A path as short as it can be typed: from where the user is. A name may hold any character; what it does to a terminal is left out. */
export function shownPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return printable(fromHere.startsWith("..") || isAbsolute(fromHere) ? path : fromHere);
}
