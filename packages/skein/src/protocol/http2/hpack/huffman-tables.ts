import { type HuffmanCode, huffmanCode } from "./huffman-code.ts";

/** Bits of a step that decodes one symbol or two: with 12, two common ones nearly always fit. */
export const PAIR_BITS = 12;

/** In an entry of `pairs`: behind the two symbols, how many bits they take, and how many they are. */
export const PAIR_LENGTH_SHIFT = 16;
export const PAIR_COUNT_SHIFT = 21;

/** In an entry of `nodes`: it leads to another node; the rest is where that begins. */
export const CHILD = 0x8000;

/** Entries of a node: one for each value of the next eight bits. */
const NODE = 256;

export interface HuffmanTables {
  /**
   * For each value of the next twelve bits: the symbols they begin with, the first one in the low byte; 0 where the first
   * one's code is longer than that. Nearly all of what headers hold is decoded here, two characters a look-up.
   */
  readonly pairs: Uint32Array;
  /**
   * The code as a tree, for the rest: the end of a string, and rare symbols. It is walked eight bits a step. An entry is
   * the place of the next node, marked CHILD; or a symbol in the low byte, and above it how many bits of the eight are
   * its own; or 0, where EOS would be.
   */
  readonly nodes: Uint16Array;
}

let tables: HuffmanTables | undefined;

/** Made when first asked for: who speaks HTTP/1.1 only does not wait for it. */
export function huffmanTables(): HuffmanTables {
  tables ??= { pairs: makePairs(huffmanCode()), nodes: makeNodes(huffmanCode()) };
  return tables;
}

function makePairs({ codes, lengths }: HuffmanCode): Uint32Array {
  const pairs = new Uint32Array(1 << PAIR_BITS);
  /** All values that begin with these bits. */
  const fill = (bits: number, length: number, symbols: number) => {
    const first = bits << (PAIR_BITS - length);
    pairs.fill(symbols | (length << PAIR_LENGTH_SHIFT), first, first + (1 << (PAIR_BITS - length)));
  };
  const short = Array.from(lengths.keys()).filter(symbol => lengths[symbol]! <= PAIR_BITS);
  for (const first of short) {
    const length = lengths[first]!;
    fill(codes[first]!, length, first | (1 << PAIR_COUNT_SHIFT));
    for (const second of short) {
      const both = length + lengths[second]!;
      if (both > PAIR_BITS) continue;
      const bits = (codes[first]! << lengths[second]!) | codes[second]!;
      fill(bits, both, first | (second << 8) | (2 << PAIR_COUNT_SHIFT));
    }
  }
  return pairs;
}

function makeNodes({ codes, lengths }: HuffmanCode): Uint16Array {
  const entries: number[] = new Array(NODE).fill(0);
  for (let symbol = 0; symbol < codes.length; symbol++) {
    const bits = codes[symbol]!;
    let left = lengths[symbol]!;
    let node = 0;
    for (; left > 8; left -= 8) node = childOf(entries, node + ((bits >>> (left - 8)) & 0xff));
    // The symbol follows whatever the bits behind its own are.
    const first = node + ((bits << (8 - left)) & 0xff);
    entries.fill((left << 8) | symbol, first, first + (1 << (8 - left)));
  }
  return Uint16Array.from(entries);
}

function childOf(entries: number[], place: number): number {
  if (entries[place] === 0) {
    entries[place] = CHILD | entries.length;
    for (let i = 0; i < NODE; i++) entries.push(0);
  }
  return entries[place]! & ~CHILD;
}
