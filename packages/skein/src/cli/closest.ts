/** The name that was most likely meant; undefined where none is near. */
export function closest(word: string, names: readonly string[]): string | undefined {
  const wanted = plain(word);
  let best: string | undefined;
  let least = 1 + Math.floor(wanted.length / 3);
  for (const name of names) {
    const edits = distance(wanted, plain(name));
    if (edits >= least) continue;
    best = name;
    least = edits;
  }
  return best;
}

/** `per-host` means `perHost`. */
function plain(name: string): string {
  return name.replace(/[-_]/g, "").toLowerCase();
}

/** How many letters are to be put in, taken out or changed (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length]!;
}
