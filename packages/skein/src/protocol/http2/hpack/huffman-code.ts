/**
 * The Huffman code of RFC 7541, Appendix B. It is canonical: codes of one length follow each other in the order of
 * their symbols, and those of the next length go on where they ended. So the lengths alone, one digit (base 36) a
 * symbol from 0 to 255, are the whole table.
 */
const LENGTHS =
  "dnsssssssoussussssssssusssssssss" +
  "6aacd68baa8b8666555666666678f6ca" +
  "d67777777777777777777777878djde6" +
  "f56565666577666567655677777fbeds" +
  "kmkkmmmnmnnnnnonoomnonnnnlmnmnno" +
  "mlkmmnnlnmmolmnnllmlnmnnkmmmnmmn" +
  "qqkjmnmpqqqrrqopjlqrrqrollqqsrrr" +
  "koklmllnmmppooqnqrqqrrrrrsrrrrrq";

const SYMBOLS = 256;
/** EOS, 30 ones, may not be in a string at all (§5.2); its first bits are what strings are padded with. */
const LONGEST = 30;

export interface HuffmanCode {
  /** Of each byte's code, in bits. */
  readonly lengths: Uint8Array;
  readonly codes: Uint32Array;
}

let code: HuffmanCode | undefined;

/** Made when first asked for: who speaks HTTP/1.1 only does not wait for it. */
export function huffmanCode(): HuffmanCode {
  code ??= makeCode();
  return code;
}

function makeCode(): HuffmanCode {
  const lengths = Uint8Array.from(LENGTHS, digit => Number.parseInt(digit, 36));
  const codes = new Uint32Array(SYMBOLS);
  let next = 0;
  for (let length = 1; length <= LONGEST; length++) {
    next *= 2;
    for (let symbol = 0; symbol < SYMBOLS; symbol++) {
      if (lengths[symbol] === length) codes[symbol] = next++;
    }
  }
  return { lengths, codes };
}
