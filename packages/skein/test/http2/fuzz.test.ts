import { randomInt } from "node:crypto";
import { describe, expect, test } from "@skein/testkit";
import { ByteWriter } from "../../src/protocol/http2/hpack/byte-writer.ts";
import { HpackDecoder } from "../../src/protocol/http2/hpack/hpack-decoder.ts";
import { HpackEncoder, type Indexing } from "../../src/protocol/http2/hpack/hpack-encoder.ts";
import { ResponseFields } from "../../src/protocol/http2/response-fields.ts";
import { Choices } from "../http1/answer-generator.ts";
import { FrameLog, fieldsOf, frame, latin1, readIn } from "./frame-feeds.ts";

/*
 * SKEIN_FUZZ_CASES: how many connections (default 4,000). SKEIN_FUZZ_SEED: which, to see a failure again.
 */
const CASES = Number(process.env.SKEIN_FUZZ_CASES ?? 4_000);
const SEED = Number(process.env.SKEIN_FUZZ_SEED ?? randomInt(2 ** 31));

type Field = [name: string, value: string, indexing: Indexing];

const NAMES = [":status", "content-type", "server", "x-a", "x-b", "cookie", "etag", "A", "connection", ""];

function randomField(choices: Choices): Field {
  const characters = choices.of(["ab", "0123456789", "{}~\\<>", "\xe9\xff\0\n"]);
  const value = Array.from({ length: choices.below(choices.of([3, 30, 300])) }, () =>
    choices.of([...characters]),
  );
  return [choices.of(NAMES), value.join(""), choices.of<Indexing>(["indexed", "indexed", "plain", "never"])];
}

function randomBytes(choices: Choices, limit: number): Buffer {
  return Buffer.from(Array.from({ length: choices.below(limit) }, () => choices.below(256)));
}

/** The frames of a server that means well, for the most part. */
class Conversation {
  readonly #choices: Choices;
  readonly #encoder = new HpackEncoder();

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  frames(): Buffer[] {
    return Array.from({ length: 1 + this.#choices.below(12) }, () => this.#frames()).flat();
  }

  #frames(): Buffer[] {
    const choices = this.#choices;
    const streamId = choices.mostly([1, 3, 5, 7], [0, 2, 2 ** 31 - 1], 2);
    switch (choices.below(10)) {
      case 0:
        return [
          frame(4, 0, 0, choices.mostly([[], [0, 3, 0, 0, 0, 9], [0, 1, 0, 0, 0, 0]], [[0, 5, 0, 0, 0, 0]])),
        ];
      case 1:
        return [frame(6, choices.below(2), 0, "12345678")];
      case 2:
        return [frame(8, 0, streamId, choices.mostly([[0, 0, 1, 0]], [[0, 0, 0, 0]]))];
      case 3:
        return [frame(choices.below(256), choices.below(256), streamId, randomBytes(choices, 40))];
      case 4:
        return [frame(3, 0, streamId, [0, 0, 0, choices.below(16)])];
      case 5:
        return [frame(7, 0, 0, Buffer.concat([Buffer.alloc(8), randomBytes(choices, 20)]))];
      case 6:
      case 7:
        return [this.#data(streamId)];
      default:
        return this.#headers(streamId);
    }
  }

  #data(streamId: number): Buffer {
    const choices = this.#choices;
    const data = randomBytes(choices, choices.of([2, 60]));
    if (choices.chance(60)) return frame(0, choices.below(2), streamId, data);
    const padding = choices.mostly([0, 1, 9], [255]);
    const padded = Buffer.concat([Buffer.of(padding), data, Buffer.alloc(padding === 255 ? 0 : padding)]);
    return frame(0, 0x8 | choices.below(2), streamId, padded);
  }

  #headers(streamId: number): Buffer[] {
    const choices = this.#choices;
    const out = new ByteWriter(64);
    if (choices.chance(10)) this.#encoder.allowTableSize(choices.of([0, 60, 500, 4_096]));
    this.#encoder.begin(out);
    const count = choices.below(6);
    if (choices.chance(90)) this.#encoder.field(":status", choices.of(["200", "404", "99"]), "indexed");
    for (let i = 0; i < count; i++) this.#encoder.field(...randomField(choices));
    const block = Buffer.from(out.take());
    if (choices.chance(60)) return [frame(1, 0x4 | choices.below(2), streamId, block)];
    const middle = choices.below(block.length + 1);
    return [
      frame(1, choices.below(2), streamId, block.subarray(0, middle)),
      frame(9, choices.mostly([0x4], [0]), streamId, block.subarray(middle)),
    ];
  }
}

function mutate(choices: Choices, bytes: Buffer): Buffer {
  const mutations = choices.below(4);
  let result = bytes;
  for (let i = 0; i < mutations && result.length > 0; i++) {
    const at = choices.below(result.length);
    switch (choices.below(4)) {
      case 0:
        result[at] = choices.below(256);
        break;
      case 1:
        result[at]! ^= 1 << choices.below(8);
        break;
      case 2:
        result = Buffer.concat([result.subarray(0, at), randomBytes(choices, 4), result.subarray(at)]);
        break;
      default:
        result = Buffer.concat([result.subarray(0, at), result.subarray(at + 1 + choices.below(4))]);
    }
  }
  return result;
}

function pieces(choices: Choices, bytes: Buffer): Buffer[] {
  const reads: Buffer[] = [];
  const longest = choices.of([1, 3, 20, 200]);
  for (let at = 0; at < bytes.length; ) {
    const next = at + 1 + choices.below(longest);
    reads.push(bytes.subarray(at, next));
    at = next;
  }
  return reads;
}

/** Each case by its own seed, which a failure names. */
function forEachCase(count: number, run: (choices: Choices) => void): void {
  for (let index = 0; index < count; index++) {
    try {
      run(new Choices(SEED + index * 7_919));
    } catch (cause) {
      throw new Error(`SKEIN_FUZZ_SEED=${SEED}, case ${index}: ${(cause as Error).message}`, { cause });
    }
  }
}

const LIMITS = { maxHeaderBytes: 1_000, maxFields: 8, maxBlockBytes: 2_000, maxContinuations: 3 };

describe(`seed ${SEED}`, () => {
  test("conversations, right and mutated, are read the same however they come", { timeout: 0 }, () => {
    const seen = { whole: 0, connection: 0, stream: 0, headers: 0 };
    forEachCase(CASES, choices => {
      const bytes = mutate(choices, Buffer.concat(new Conversation(choices).frames()));
      const log = new FrameLog({ limits: LIMITS });
      log.read(bytes);
      const whole = log.finish();
      expect(readIn(pieces(choices, bytes), { limits: LIMITS })).toEqual(whole);
      // Nothing is told that no byte stands for, and nothing behind the error that ends a connection.
      expect(whole.length).toBeLessThanOrEqual(2 * bytes.length);
      const fatal = whole.findIndex(event => event.startsWith("connection error"));
      expect([-1, whole.length - 1]).toContain(fatal);
      seen[fatal < 0 ? "whole" : "connection"] += 1;
      if (whole.some(event => event.startsWith("stream error"))) seen.stream += 1;
      if (whole.some(event => event.startsWith("headers"))) seen.headers += 1;
    });
    console.log(`seed ${SEED}: ${JSON.stringify(seen)} of ${CASES} conversations`);
    // Cases that all end at once, or none of them, would prove nothing.
    for (const [kind, count] of Object.entries(seen)) expect(count, kind).toBeGreaterThan(CASES / 200);
  });

  test("random bytes only ever end in errors", () => {
    forEachCase(CASES, choices => {
      const bytes = randomBytes(choices, 400);
      const whole = readIn([bytes], { greeted: choices.chance(50) });
      expect(whole.length).toBeLessThanOrEqual(bytes.length);
    });
  });

  test("random header blocks leave the decoder within its limits", () => {
    const verdicts = { ok: 0, "too-large": 0, excessive: 0, malformed: 0 };
    const response = new ResponseFields({ latin1 });
    forEachCase(CASES, choices => {
      const decoder = new HpackDecoder(LIMITS);
      const encoder = new HpackEncoder();
      for (let i = 0; i < 8; i++) {
        const out = new ByteWriter(64);
        encoder.begin(out);
        for (let k = choices.below(11); k > 0; k--) encoder.field(...randomField(choices));
        const block = mutate(choices, Buffer.from(out.take()));
        const verdict = decoder.decode(block, 0, block.length);
        verdicts[verdict] += 1;
        expect(decoder.tableSize).toBeLessThanOrEqual(4_096);
        expect(decoder.fields.count).toBeLessThanOrEqual(8);
        if (verdict === "malformed") {
          expect(decoder.fault).not.toBe("");
          expect(decoder.faultAt).toBeLessThanOrEqual(block.length);
          break;
        }
        const list = fieldsOf(decoder.fields);
        const size = list.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
        expect(size).toBeLessThanOrEqual(1_000);
        checkLines(response, decoder, list);
      }
    });
    for (const kind of ["ok", "too-large", "malformed"] as const) {
      expect(verdicts[kind], kind).toBeGreaterThan(CASES / 200);
    }
  });

  test("what we encode is what is decoded, whatever the table sizes", () => {
    forEachCase(CASES / 20, choices => {
      const encoder = new HpackEncoder();
      const decoder = new HpackDecoder({ maxHeaderBytes: 2 ** 20 });
      for (let i = 0; i < 60; i++) {
        if (choices.chance(10)) {
          const size = choices.of([0, 33, 200, 1_000, 4_096]);
          encoder.allowTableSize(size);
          decoder.allowTableSize(size);
        }
        const fields = Array.from({ length: choices.below(12) }, () => randomField(choices));
        const out = new ByteWriter(64);
        encoder.begin(out);
        for (const field of fields) encoder.field(...field);
        const block = out.take();
        expect(decoder.decode(block, 0, block.length), decoder.fault).toBe("ok");
        expect(fieldsOf(decoder.fields)).toEqual(fields.map(([name, value]) => [name, value]));
      }
    });
  });

  test("blocks that come again mean what they mean in their place", () => {
    forEachCase(CASES / 10, choices => {
      const encoder = new HpackEncoder();
      const blocks = Array.from({ length: 4 }, () => {
        const out = new ByteWriter(64);
        if (choices.chance(20)) encoder.allowTableSize(choices.of([0, 200, 4_096]));
        encoder.begin(out);
        for (let k = choices.below(5); k > 0; k--) encoder.field(...randomField(choices));
        return Buffer.from(out.take());
      });
      const decoder = new HpackDecoder();
      const reference = new HpackDecoder();
      const response = new ResponseFields({ latin1 });
      let block = blocks[0]!;
      for (let i = 0; i < 40; i++) {
        if (choices.chance(30)) block = choices.of(blocks);
        const verdict = decoder.decode(block, 0, block.length);
        // An empty block in between changes nothing, but that the next one is not the last one again.
        reference.decode(block, 0, 0);
        expect(verdict).toBe(reference.decode(block, 0, block.length));
        expect(decoder.tableSize).toBe(reference.tableSize);
        if (verdict !== "ok") return;
        const list = fieldsOf(decoder.fields);
        expect(list).toEqual(fieldsOf(reference.fields));
        const other = new ResponseFields({ latin1 });
        expect(response.readHead(decoder.fields)).toBe(other.readHead(reference.fields));
        expect([response.status, response.fault, response.fieldLines]).toEqual([
          other.status,
          other.fault,
          other.fieldLines,
        ]);
      }
    });
  });
});

/** The text of an answer's fields holds what was decoded, and nothing that could be taken for more. */
function checkLines(
  response: ResponseFields,
  decoder: HpackDecoder,
  list: readonly [string, string][],
): void {
  if (!response.readHead(decoder.fields)) return;
  const lines = list.slice(1).map(([name, value]) => `${name}: ${value}`);
  expect(response.fieldLines.split("\r\n").slice(0, -1)).toEqual(lines);
}
