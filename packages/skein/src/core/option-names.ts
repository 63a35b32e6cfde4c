import { InvalidOption } from "./errors.ts";
import { ownOptions } from "./own-options.ts";

/**
 * The options, of which nothing is ignored and nothing is read that was not given: neither a misspelt name, nor what
 * stands on `Object.prototype` because some library put it there.
 *
 * @param where the object that was given, as the caller knows it: "Client", "timeout"
 * @returns a copy that has no prototype, and reads the same each time
 * @throws InvalidOption for a name that is no option, naming the nearest one that is
 */
export function checkNames<T extends object>(options: T, known: readonly string[], where: string): T {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const hint = near === undefined ? `known: ${known.join(", ")}` : `did you mean "${near}"?`;
    throw new InvalidOption(`${where}: there is no option "${name}"; ${hint}`);
  }
  return ownOptions(options);
}

/** The known name that takes the fewest edits, if it takes no more than a third of the name. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map(candidate => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, name.length / 3) ? best.candidate : undefined;
}

/** Levenshtein's distance, a row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** A function, or an error that names the option. */
export function requireFunction<T>(value: T, name: string): T {
  if (typeof value === "function") return value;
  throw new InvalidOption(`${name}: expected a function; got ${typeof value}`);
}

/** A whole number of at least `least`, or an error that names the option. */
export function requireCount(value: unknown, name: string, least: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least) return value;
  if (value === Number.POSITIVE_INFINITY) return value;
  throw new InvalidOption(`${name}: expected a whole number of at least ${least}; got ${String(value)}`);
}
