/**
 * Text of a server on one line of a terminal: whatever could move the cursor, change colours or hide what follows
 * (control characters, direction marks) is shown as a space or a replacement character.
 */
export function printable(text: string): string {
  return (
    text
      .replace(/[\t\r\n\v\f\u0085\u2028\u2029]+/g, " ")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be found
      .replace(/[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, "\ufffd")
  );
}
