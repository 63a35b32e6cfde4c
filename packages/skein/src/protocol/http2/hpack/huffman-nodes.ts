import { huffmanCode } from "./huffman-code.ts";

/** Entries of a node: one for each value of the next eight bits. */
const NODE = 256;

/** Set in an entry that leads to another node: the rest is where that begins. */
export const CHILD = 0x8000;

/**
 * The code as a tree that is walked eight bits a step. An entry is the place of the next node, marked CHILD; or a
 * symbol in the low eight bits, and above them how many bits of the eight were its own; or 0, where EOS would be.
 * Nearly every character of a header has a code of up to eight bits: one look-up.
 */
let nodes: Uint16Array | undefined;

export function huffmanNodes(): Uint16Array {
  nodes ??= makeNodes();
  return nodes;
}

function makeNodes(): Uint16Array {
  const { codes, lengths } = huffmanCode();
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
