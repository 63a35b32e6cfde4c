import { describe, expect, test } from "@skein/testkit";
import { fieldsOf } from "../../../../test/http2/frame-feeds.ts";
import { ByteWriter } from "./byte-writer.ts";
import { HpackDecoder } from "./hpack-decoder.ts";
import { HpackEncoder, type Indexing } from "./hpack-encoder.ts";

type Field = readonly [name: string, value: string, indexing?: Indexing];

function encode(encoder: HpackEncoder, ...fields: Field[]): Buffer {
  const out = new ByteWriter(16);
  encoder.begin(out);
  for (const [name, value, indexing = "indexed"] of fields) encoder.field(name, value, indexing);
  return Buffer.from(out.take());
}

function source(...fields: Field[]) {
  return {
    fields: fields.flatMap(([name, value]) => [name, value] as string[]),
    indexing: fields.map(([, , indexing = "indexed"]): Indexing => indexing),
  };
}

describe("HpackEncoder", () => {
  test("encodes the requests of RFC 7541, C.4, as they stand there", () => {
    const encoder = new HpackEncoder();
    const request = (scheme: string, path: string, ...more: Field[]) =>
      encode(
        encoder,
        [":method", "GET"],
        [":scheme", scheme],
        [":path", path],
        [":authority", "www.example.com"],
        ...more,
      ).toString("hex");
    expect(request("http", "/")).toBe("828684418cf1e3c2e5f23a6ba0ab90f4ff");
    expect(request("http", "/", ["cache-control", "no-cache"])).toBe("828684be5886a8eb10649cbf");
    expect(request("https", "/index.html", ["custom-key", "custom-value"])).toBe(
      "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
    );
  });

  test("a secret is never indexed, not even when a table has it", () => {
    const encoder = new HpackEncoder();
    encode(encoder, ["authorization", "a"]);
    expect(encode(encoder, ["authorization", "a", "never"]).toString("hex")).toMatch(/^1f/);
    expect(encode(encoder, [":method", "GET", "never"])).toEqual(Buffer.from("12" + "03" + "474554", "hex"));
  });

  test("a plain field leaves the table alone", () => {
    const encoder = new HpackEncoder();
    const once = encode(encoder, ["x", "y", "plain"]);
    expect(once).toEqual(Buffer.from("00017801" + "79", "hex"));
    expect(encode(encoder, ["x", "y", "plain"])).toEqual(once);
  });

  test("strings are Huffman-coded only where that is shorter", () => {
    const encoder = new HpackEncoder();
    expect(encode(encoder, ["~~", "aa", "plain"]).toString("hex")).toBe("00027e7e0261" + "61");
    expect(encode(encoder, ["~~", "aaaa", "plain"]).toString("hex")).toBe("00027e7e8318c63f");
  });

  test("an entry that would drive out most others is not put into the table", () => {
    const encoder = new HpackEncoder();
    const large = "x".repeat(3_072 - 32);
    encode(encoder, ["a", "1"]);
    encode(encoder, ["b", large]);
    expect(encode(encoder, ["a", "1"])).toEqual(Buffer.of(0xbe));
    encode(encoder, ["b", large.slice(1)]);
    expect(encode(encoder, ["b", large.slice(1)])).toEqual(Buffer.of(0xbe));
  });

  test("evicted entries are forgotten, newer ones of the same name and value are not", () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder();
    for (let i = 0; i < 3_000; i++) {
      const fields: Field[] = [
        ["always", "the same"],
        [`name-${i % 7}`, "v".repeat(i % 83)],
        ["other", String(i % 11)],
      ];
      const block = encode(encoder, ...fields);
      expect(decoder.decode(block, 0, block.length), decoder.fault).toBe("ok");
      expect(fieldsOf(decoder.fields)).toEqual(fields.map(([name, value]) => [name, value]));
    }
  });
});

describe("the peer's table size", () => {
  test("is told at the beginning of the next block, the least one first", () => {
    const encoder = new HpackEncoder();
    encoder.allowTableSize(100);
    encoder.allowTableSize(0);
    encoder.allowTableSize(200);
    expect(encode(encoder, [":method", "GET"])).toEqual(Buffer.from("20" + "3fa901" + "82", "hex"));
    expect(encode(encoder, [":method", "GET"])).toEqual(Buffer.from("82", "hex"));
  });

  test("is told once when it only shrank", () => {
    const encoder = new HpackEncoder();
    encoder.allowTableSize(100);
    encoder.allowTableSize(0);
    expect(encode(encoder)).toEqual(Buffer.of(0x20));
  });

  test("is not used beyond 4,096 bytes, so that a larger one needs no word", () => {
    const encoder = new HpackEncoder();
    encoder.allowTableSize(2 ** 32 - 1);
    expect(encode(encoder)).toEqual(Buffer.alloc(0));
  });

  test("of 0 means no table", () => {
    const encoder = new HpackEncoder();
    encode(encoder, ["a", "1"]);
    encoder.allowTableSize(0);
    const plain = Buffer.from("000161" + "0131", "hex");
    expect(encode(encoder, ["a", "1"])).toEqual(Buffer.concat([Buffer.of(0x20), plain]));
    expect(encode(encoder, ["a", "1"])).toEqual(plain);
  });
});

describe("fields that come again as the same object", () => {
  const shared = source(["user-agent", "skein"], ["accept", "*/*"], ["authorization", "Bearer abc", "never"]);

  test("are encoded as they would be one by one", () => {
    const encoder = new HpackEncoder();
    const reference = new HpackEncoder();
    const decoder = new HpackDecoder();
    for (let i = 0; i < 20; i++) {
      const out = new ByteWriter(16);
      encoder.begin(out);
      const own: [string, string] = [":authority", i < 10 ? "a.example" : `${i >> 1}.example`];
      encoder.field(...own, "indexed");
      encoder.fields(shared);
      const block = Buffer.from(out.take());
      const pairs = shared.indexing.map(
        (indexing, k): Field => [shared.fields[2 * k]!, shared.fields[2 * k + 1]!, indexing],
      );
      expect(block).toEqual(encode(reference, own, ...pairs));
      expect(decoder.decode(block, 0, block.length)).toBe("ok");
      expect(fieldsOf(decoder.fields)).toEqual([own, ...pairs].map(([name, value]) => [name, value]));
    }
  });

  test("are not mixed up with others", () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder();
    const other = source(["user-agent", "skein"], ["accept", "text/html"]);
    for (const fields of [shared, shared, shared, other, shared, other, other, other, shared]) {
      const out = new ByteWriter(16);
      encoder.begin(out);
      encoder.fields(fields);
      const block = out.take();
      expect(decoder.decode(block, 0, block.length)).toBe("ok");
      expect(fieldsOf(decoder.fields).flat()).toEqual(fields.fields);
    }
  });
});
