/**
 * How evenly something is shared (Jain, Chiu and Hawe, 1984): 1 where all have the same, 1/n where one of n has all.
 *
 * @example
 * jainIndex([10, 10, 10]); // 1
 * jainIndex([10, 0]); // 0.5
 */
export function jainIndex(shares: readonly number[]): number {
  const sum = shares.reduce((a, b) => a + b, 0);
  const squares = shares.reduce((a, b) => a + b * b, 0);
  return squares === 0 ? 1 : (sum * sum) / (shares.length * squares);
}
