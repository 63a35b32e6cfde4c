import { describe, expect, test } from "@skein/testkit";
import { fieldsOf, integer, literals } from "../../../../test/http2/frame-feeds.ts";
import { type FieldLimits, HpackDecoder } from "./hpack-decoder.ts";
import { huffmanCode } from "./huffman-code.ts";

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

function decodeWith(decoder: HpackDecoder, ...blocks: Uint8Array[]): string[] {
  return blocks.map(block => {
    // Among other bytes, which are none of its business.
    const bytes = Buffer.concat([Buffer.of(0xff, 0x82), block, Buffer.of(0x82, 0xff)]);
    const verdict = decoder.decode(bytes, 2, 2 + block.length);
    if (verdict === "malformed") return `malformed at ${decoder.faultAt - 2}: ${decoder.fault}`;
    if (verdict !== "ok") return verdict;
    return fieldsOf(decoder.fields)
      .map(([name, value]) => `${name}=${value}`)
      .join("; ");
  });
}

function decode(...blocks: Uint8Array[]): string[] {
  return decodeWith(new HpackDecoder(), ...blocks);
}

/** A literal that joins the table. */
function inserted(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0x40), literals([name, value]).subarray(1)]);
}

describe("the examples of RFC 7541, Appendix C", () => {
  test.each([
    [
      "C.2.1",
      "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
      "custom-key=custom-header",
      55,
    ],
    ["C.2.2", "040c 2f73 616d 706c 652f 7061 7468", ":path=/sample/path", 0],
    ["C.2.3", "1008 7061 7373 776f 7264 0673 6563 7265 74", "password=secret", 0],
    ["C.2.4", "82", ":method=GET", 0],
  ])("%s", (_, block, fields, size) => {
    const decoder = new HpackDecoder();
    expect(decodeWith(decoder, hex(block))).toEqual([fields]);
    expect(decoder.tableSize).toBe(size);
  });

  const responses = [
    ":status=302; cache-control=private; date=Mon, 21 Oct 2013 20:13:21 GMT; location=https://www.example.com",
    ":status=307; cache-control=private; date=Mon, 21 Oct 2013 20:13:21 GMT; location=https://www.example.com",
    ":status=200; cache-control=private; date=Mon, 21 Oct 2013 20:13:22 GMT; location=https://www.example.com; " +
      "content-encoding=gzip; set-cookie=foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
  ];

  test("C.5, with a table of 256 bytes that evicts", () => {
    const decoder = new HpackDecoder();
    decoder.allowTableSize(256);
    const blocks = [
      "3fe101 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
      "4803 3330 37c1 c0bf",
      "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
    ];
    expect(decodeWith(decoder, ...blocks.map(hex))).toEqual(responses);
    expect(decoder.tableSize).toBe(215);
  });

  test("C.6, the same with Huffman codes", () => {
    const decoder = new HpackDecoder();
    decoder.allowTableSize(256);
    const blocks = [
      "3fe101 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
      "4883 640e ffc1 c0bf",
      "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
    ];
    expect(decodeWith(decoder, ...blocks.map(hex))).toEqual(responses);
    expect(decoder.tableSize).toBe(215);
  });
});

describe("integers", () => {
  test.each([
    ["that end the block", hex("7f"), "malformed at 0: the block ends inside a number"],
    ["that go on behind the block", hex("7f ff"), "malformed at 0: the block ends inside a number"],
    ["with zeros in front, within reason", hex("7f 80 80 80 80 00 01 61"), "www-authenticate=a"],
    ["with more of them", hex("7f 80 80 80 80 80 00 01 61"), "malformed at 0: a number beyond 2^31"],
    ["beyond 2^31", hex("7f ff ff ff ff 0f"), "malformed at 0: a number beyond 2^31"],
    ["beyond 2^53", hex("7f ff ff ff ff ff ff ff ff ff 7f"), "malformed at 0: a number beyond 2^31"],
    ["as large as they may be", hex("ff 80 ff ff ff 07"), "malformed at 0: no table has an entry 2147483647"],
  ])("%s", (_, block, expected) => {
    // 0x7f is an index of 63 and more, which only a table with entries has.
    const decoder = new HpackDecoder();
    decodeWith(decoder, inserted("www-authenticate", "x"), inserted("www-authenticate", "y"));
    expect(decodeWith(decoder, block)).toEqual([expected]);
  });
});

describe("indexes", () => {
  test("0 is none", () => {
    expect(decode(hex("80"))).toEqual(["malformed at 0: no table has an entry 0"]);
  });

  test("all of the static table", () => {
    const all = Buffer.from(Array.from({ length: 61 }, (_, i) => 0x81 + i));
    const [fields] = decode(all);
    expect(fields).toMatch(/^:authority=; :method=GET; :method=POST; :path=\/; /);
    expect(fields!.split("; ")).toHaveLength(61);
    expect(fields).toMatch(/accept-encoding=gzip, deflate; .*; www-authenticate=$/);
  });

  test("behind the last entry is nothing", () => {
    expect(decode(hex("be"))).toEqual(["malformed at 0: no table has an entry 62"]);
    expect(decode(inserted("a", "1"), hex("be bf"))).toEqual([
      "a=1",
      "malformed at 1: no table has an entry 63",
    ]);
    expect(decode(hex("7e 01 61"))).toEqual(["malformed at 0: no table has an entry 62"]);
  });

  test("the newest entry is the first", () => {
    expect(decode(inserted("a", "1"), inserted("b", "2"), hex("be bf 7e 01 33 be"))).toEqual([
      "a=1",
      "b=2",
      "b=2; a=1; b=3; b=3",
    ]);
  });
});

describe("the dynamic table", () => {
  test("counts 32 bytes for each entry, and evicts the oldest", () => {
    const decoder = new HpackDecoder();
    const entry = (i: number) => inserted(`name-${i}`, "x".repeat(400));
    for (let i = 0; i < 10; i++) decodeWith(decoder, entry(i));
    // 4,096 holds nine of 438 bytes.
    expect(decoder.tableSize).toBe(9 * 438);
    expect(decodeWith(decoder, integer(70, 0x7f, 0x80))).toEqual([`name-1=${"x".repeat(400)}`]);
    expect(decodeWith(decoder, integer(71, 0x7f, 0x80))).toEqual([
      "malformed at 0: no table has an entry 71",
    ]);
  });

  test("an entry larger than the table empties it, and is a field all the same", () => {
    const decoder = new HpackDecoder();
    const value = "x".repeat(4_096 - 32);
    expect(decodeWith(decoder, inserted("a", "1"), inserted("b", value), hex("be"))).toEqual([
      "a=1",
      `b=${value}`,
      "malformed at 0: no table has an entry 62",
    ]);
    expect(decoder.tableSize).toBe(0);
  });

  test("an entry of exactly its size is kept", () => {
    const value = "x".repeat(4_096 - 33);
    expect(decode(inserted("b", value), hex("be"))).toEqual([`b=${value}`, `b=${value}`]);
  });

  test("a field may be named after an entry that it drives out", () => {
    const decoder = new HpackDecoder();
    decoder.allowTableSize(64);
    decodeWith(decoder, Buffer.concat([integer(64, 0x1f, 0x20), inserted("name", "1")]));
    expect(
      decodeWith(decoder, Buffer.concat([hex("7e"), integer(20, 0x7f, 0), Buffer.alloc(20, "x")])),
    ).toEqual([`name=${"x".repeat(20)}`]);
    expect(decodeWith(decoder, hex("be"))).toEqual([`name=${"x".repeat(20)}`]);
  });

  test("keeps its entries right over many insertions of many sizes", () => {
    const decoder = new HpackDecoder();
    const sizes = Array.from({ length: 2_000 }, (_, i) => (i * 7_919) % 601);
    const kept: string[] = [];
    for (const [i, size] of sizes.entries()) {
      decodeWith(decoder, inserted(`n${i}`, "v".repeat(size)));
      kept.unshift(`n${i}=${"v".repeat(size)}`);
      let total = 0;
      const fitting = kept.findIndex(field => {
        total += field.length - 1 + 32;
        return total > 4_096;
      });
      if (fitting >= 0) kept.length = fitting;
      if (i % 100 !== 0) continue;
      expect(decodeWith(decoder, ...kept.map((_, age) => integer(62 + age, 0x7f, 0x80)))).toEqual(kept);
      expect(decodeWith(decoder, integer(62 + kept.length, 0x7f, 0x80))[0]).toMatch(/^malformed/);
    }
  });
});

describe("size updates", () => {
  test("stand in front of the fields", () => {
    expect(decode(hex("20 88"), hex("88 20"))).toEqual([
      ":status=200",
      "malformed at 1: a table size update behind a field",
    ]);
  });

  test("a block may be nothing but updates", () => {
    expect(decode(hex("20 3f e1 1f"))).toEqual([""]);
  });

  test("are at most two", () => {
    expect(decode(hex("20 30 88"), hex("20 21 22 88"))).toEqual([
      ":status=200",
      "malformed at 2: more than two table size updates in a row",
    ]);
  });

  test("may not exceed what we allow", () => {
    expect(decode(integer(4_096, 0x1f, 0x20))).toEqual([""]);
    expect(decode(integer(4_097, 0x1f, 0x20))).toEqual([
      "malformed at 0: a table size of 4097, where at most 4096 is allowed",
    ]);
    const decoder = new HpackDecoder();
    decoder.allowTableSize(5_000);
    expect(decodeWith(decoder, integer(5_000, 0x1f, 0x20), integer(5_001, 0x1f, 0x20))).toEqual([
      "",
      "malformed at 0: a table size of 5001, where at most 5000 is allowed",
    ]);
  });

  test("evict", () => {
    expect(decode(inserted("a", "1"), hex("20"), hex("3f e1 1f be"))).toEqual([
      "a=1",
      "",
      "malformed at 3: no table has an entry 62",
    ]);
  });

  test("are due when we allow less than the peer uses", () => {
    const decoder = new HpackDecoder();
    decoder.allowTableSize(100);
    expect(decodeWith(decoder, hex("88"))).toEqual([
      "malformed at 0: no table size update, though the allowed size went down",
    ]);
    const other = new HpackDecoder();
    other.allowTableSize(100);
    expect(decodeWith(other, Buffer.concat([integer(100, 0x1f, 0x20), hex("88")]), hex("88"))).toEqual([
      ":status=200",
      ":status=200",
    ]);
  });

  test("are not due when the table may grow", () => {
    const decoder = new HpackDecoder();
    decoder.allowTableSize(8_000);
    expect(decodeWith(decoder, hex("88"))).toEqual([":status=200"]);
  });
});

describe("strings", () => {
  test.each([
    ["without a length", "00", "malformed at 1: the block ends inside a field"],
    ["without a value", "00 01 61", "malformed at 3: the block ends inside a field"],
    ["that are cut off", "00 03 61 62", "malformed at 1: a string of 3 bytes, of which 2 are there"],
    ["longer than any block", "00 7f ff ff ff ff 07", "malformed at 1: a number beyond 2^31"],
    ["that are empty", "00 00 00", "="],
    ["that are empty, and say they are Huffman-coded", "00 80 80", "="],
    ["of any bytes", "00 01 ff 02 00 0a", "ÿ=\0\n"],
  ])("%s", (_, block, expected) => {
    expect(decode(hex(block))).toEqual([expected]);
  });
});

describe("Huffman codes", () => {
  const coded = (bits: string) => {
    const bytes = bits
      .replaceAll(" ", "")
      .match(/.{8}/g)!
      .map(byte => Number.parseInt(byte, 2));
    return Buffer.concat([Buffer.of(0, 0, 0x80 | bytes.length), Buffer.from(bytes)]);
  };
  const FAULT = "malformed at 3: a string that is not Huffman-coded as it says";

  test.each([
    ["padded with ones", "00011 111", "=a"],
    ["with no padding", "00011 00011 00011 00011 00011 00011 00011 00011", "=aaaaaaaa"],
    ["with seven bits of padding", "00011 00011 1011100 1111111", "=aa:"],
    ["padded with zeros", "00011 000", FAULT],
    ["padded with a zero at the end", "00011 110", FAULT],
    ["padded with a zero in front", "00011 011", FAULT],
    ["padded with eight ones", "11111000 11111111", FAULT],
    ["nothing but padding", "11111111", FAULT],
    ["padded with 15 ones", "00011 111 11111111", FAULT],
    ["EOS", "11111111 11111111 11111111 11111111", FAULT],
    ["EOS behind a symbol", "00011 111 11111111 11111111 11111111 111 11111", FAULT],
    ["EOS in front of a symbol", "11111111 11111111 11111111 111111 00011 11111", FAULT],
    ["a code that is cut off", "11111111 11111111 11100010", FAULT],
  ])("%s", (_, bits, expected) => {
    expect(decode(coded(bits))).toEqual([expected]);
  });

  test("of every byte, in front of every other", () => {
    const { codes, lengths } = huffmanCode();
    const bitsOf = (symbol: number) => codes[symbol]!.toString(2).padStart(lengths[symbol]!, "0");
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second += 5) {
        const bits = bitsOf(first) + bitsOf(second);
        const padded = bits + "1".repeat((8 - (bits.length % 8)) % 8);
        expect(decode(coded(padded))).toEqual([`=${String.fromCharCode(first, second)}`]);
      }
    }
  });

  test("the code is complete: it ends in EOS", () => {
    const { codes, lengths } = huffmanCode();
    const used = Array.from(lengths).reduce((sum, length) => sum + 2 ** (30 - length), 0);
    expect(used).toBe(2 ** 30 - 1);
    expect(Math.max(...Array.from(codes, (code, i) => code * 2 ** (30 - lengths[i]!)))).toBe(2 ** 30 - 2);
  });
});

describe("limits", () => {
  const limits: FieldLimits = { maxHeaderBytes: 100, maxFields: 3 };

  test("are exact", () => {
    const field = (length: number) => literals(["a", "x".repeat(length - 33)]);
    expect(decodeWith(new HpackDecoder(limits), field(100))[0]).toMatch(/^a=x+$/);
    expect(decodeWith(new HpackDecoder(limits), field(101))).toEqual(["too-large"]);
    const fields = (count: number) => Buffer.alloc(3 * count, literals(["", ""]));
    expect(decodeWith(new HpackDecoder(limits), fields(3), fields(4))).toEqual(["=; =; =", "too-large"]);
  });

  test("a list that is too large leaves nothing behind but what it put into the table", () => {
    const decoder = new HpackDecoder(limits);
    const block = Buffer.concat([inserted("a", "1"), literals(["b", "x".repeat(200)]), inserted("c", "2")]);
    expect(decodeWith(decoder, block)).toEqual(["too-large"]);
    expect(decoder.fields.count).toBe(0);
    expect(decodeWith(decoder, hex("be bf"))).toEqual(["c=2; a=1"]);
  });

  test("a broken block is broken, however large", () => {
    const block = Buffer.concat([literals(["b", "x".repeat(200)]), hex("80")]);
    expect(decodeWith(new HpackDecoder(limits), block)[0]).toMatch(/^malformed/);
  });

  test("a bomb is not read to its end", () => {
    const decoder = new HpackDecoder();
    decodeWith(decoder, inserted("a", "x".repeat(4_000)));
    expect(decodeWith(decoder, Buffer.alloc(16_384, 0xbe))).toEqual(["excessive"]);
    expect(decodeWith(decoder, Buffer.alloc(200, 0xbe))).toEqual(["too-large"]);
  });
});
