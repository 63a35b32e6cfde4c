/** The message of whatever was thrown. Not everything has one: an object without a prototype can't even be made text. */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.message) : String(thrown);
  } catch {
    return `an ${typeof thrown} that can't be shown`;
  }
}
