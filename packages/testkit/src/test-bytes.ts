/**
 * `length` bytes that are the same in every run and differ at every offset (a number is mixed in every 4 bytes), so
 * that a body which was spliced, repeated or shifted never looks whole.
 */
export function testBytes(length: number, offset = 0): Uint8Array {
  const firstWord = offset >>> 2;
  const lastWord = (offset + length + 3) >>> 2;
  const words = new Uint32Array(lastWord - firstWord);
  for (let i = 0; i < words.length; i++) words[i] = wordAt(firstWord + i);
  const skipped = offset - firstWord * 4;
  return new Uint8Array(words.buffer, skipped, length);
}

/** A bijection of 32-bit numbers (xorshift and odd multiplication): no two words of the first 16 GiB are equal. */
function wordAt(index: number): number {
  let word = Math.imul(index + 1, 0x9e3779b1);
  word ^= word >>> 15;
  word = Math.imul(word, 0x85ebca6b);
  return (word ^ (word >>> 13)) >>> 0;
}
