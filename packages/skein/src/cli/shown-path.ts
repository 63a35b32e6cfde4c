import { isAbsolute, relative } from "node:path";

/** A path as short as it can be typed: from where the user is. */
export function shownPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith("..") || isAbsolute(fromHere) ? path : fromHere;
}
