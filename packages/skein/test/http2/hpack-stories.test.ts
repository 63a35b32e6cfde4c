import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@skein/testkit";
import { ByteWriter } from "../../src/protocol/http2/hpack/byte-writer.ts";
import { HpackDecoder } from "../../src/protocol/http2/hpack/hpack-decoder.ts";
import { HpackEncoder, type Indexing } from "../../src/protocol/http2/hpack/hpack-encoder.ts";
import { fieldsOf } from "./frame-feeds.ts";

/** Stories of http2jp/hpack-test-case: blocks of one connection, in their order, and what they decode to. */
interface Story {
  readonly cases: readonly {
    readonly wire: string;
    readonly header_table_size?: number;
    readonly headers: readonly Readonly<Record<string, string>>[];
  }[];
}

const FOLDER = new URL("../corpora/hpack/", import.meta.url);
const NAMES = readdirSync(FOLDER).filter(name => name.endsWith(".json"));

function readStory(name: string): Story {
  return JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));
}

function expectedFields(headers: Story["cases"][number]["headers"]): [string, string][] {
  return headers.map(header => Object.entries(header)[0]!);
}

test("the stories are there", () => {
  expect(NAMES.length).toBeGreaterThanOrEqual(16);
});

describe.each(NAMES)("%s", name => {
  const { cases } = readStory(name);

  test("decodes to what it says", () => {
    const decoder = new HpackDecoder();
    for (const { wire, headers, header_table_size: tableSize } of cases) {
      if (tableSize !== undefined) decoder.allowTableSize(tableSize);
      const bytes = Buffer.from(wire, "hex");
      expect(decoder.decode(bytes, 0, bytes.length), decoder.fault).toBe("ok");
      expect(fieldsOf(decoder.fields)).toEqual(expectedFields(headers));
    }
  });

  test.each<Indexing>(["indexed", "plain", "never"])("comes back from our own encoder, %s", indexing => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder();
    let encoded = 0;
    let plain = 0;
    for (const { headers, header_table_size: tableSize } of cases) {
      if (tableSize !== undefined) {
        encoder.allowTableSize(tableSize);
        decoder.allowTableSize(tableSize);
      }
      const fields = expectedFields(headers);
      const out = new ByteWriter(64);
      encoder.begin(out);
      for (const [field, value] of fields) encoder.field(field, value, indexing);
      const block = out.take();
      encoded += block.length;
      plain += fields.flat().join("").length;
      expect(decoder.decode(block, 0, block.length), decoder.fault).toBe("ok");
      expect(fieldsOf(decoder.fields)).toEqual(fields);
    }
    // A code that came back, but larger than what it codes, would be worth nothing.
    expect(encoded).toBeLessThan(plain);
  });
});
