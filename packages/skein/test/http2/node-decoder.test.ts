import { randomInt } from "node:crypto";
import http2 from "node:http2";
import { Duplex } from "node:stream";
import { expect, test } from "@skein/testkit";
import { ByteWriter } from "../../src/protocol/http2/hpack/byte-writer.ts";
import { HpackDecoder } from "../../src/protocol/http2/hpack/hpack-decoder.ts";
import { HpackEncoder, type Indexing } from "../../src/protocol/http2/hpack/hpack-encoder.ts";
import { expectedDataLength, ResponseFields } from "../../src/protocol/http2/response-fields.ts";
import { nextResponsePhase } from "../../src/protocol/http2/stream-state.ts";
import { Choices } from "../http1/answer-generator.ts";
import { fieldsOf, frame, HEADERS, latin1, SETTINGS } from "./frame-feeds.ts";

/*
 * Header blocks against Node's own client. The comparison has one side: we may refuse what it takes, but the fields that
 * we hand out it must have read in the same bytes.
 *
 * SKEIN_FUZZ_CASES: how many connections (default 2,000). SKEIN_FUZZ_SEED: which, to see a failure again.
 */
const CASES = Number(process.env.SKEIN_FUZZ_CASES ?? 2_000);
const SEED = Number(process.env.SKEIN_FUZZ_SEED ?? randomInt(2 ** 31));
const BLOCKS = 6;

const END_STREAM_AND_HEADERS = 0x5;

/** Blocks of one connection, nearly all of them right. */
function generateBlocks(choices: Choices): Buffer[] {
  const encoder = new HpackEncoder();
  const blocks = Array.from({ length: BLOCKS }, () => {
    const out = new ByteWriter(64);
    if (choices.chance(10)) encoder.allowTableSize(choices.of([0, 80, 4_096]));
    encoder.begin(out);
    encoder.field(":status", choices.mostly(["200", "404", "302"], ["20", "100", "2000"]), "indexed");
    for (let i = choices.below(5); i > 0; i--) {
      const indexing = choices.of<Indexing>(["indexed", "indexed", "plain", "never"]);
      encoder.field(randomName(choices), randomValue(choices), indexing);
    }
    return Buffer.from(out.take());
  });
  const wrong = blocks[choices.below(BLOCKS)]!;
  for (let i = choices.below(3); i > 0; i--) wrong[choices.below(wrong.length)]! ^= 1 << choices.below(8);
  if (choices.chance(20)) blocks[1] = blocks[0]!;
  return blocks;
}

function randomName(choices: Choices): string {
  return choices.mostly(["x-a", "x-b", "server", "via", "vary", "~"], ["X-A", "a b", "", "connection"], 2);
}

function randomValue(choices: Choices): string {
  const characters = [
    ...choices.mostly(["0123456789", "aeiou", "{}~\\<>^", "\xe9\xff\x80"], ["\0", " ", "\n"], 2),
  ];
  return Array.from({ length: 1 + choices.below(40) }, () => choices.of(characters)).join("");
}

/** What Node's client read of each block; nothing for one that it refused. */
async function readByNode(blocks: readonly Buffer[]): Promise<(string[] | undefined)[]> {
  const [near, far] = pair();
  const session = http2.connect("http://judge.example", { createConnection: () => near });
  session.on("error", () => {});
  const answers = blocks.map(() => {
    const request = session.request({ ":path": "/" });
    return new Promise<string[] | undefined>(resolve => {
      request.on("response", (_headers, _flags, raw) => resolve(raw as unknown as string[]));
      request.on("error", () => {});
      request.on("close", () => resolve(undefined));
      request.resume();
    });
  });
  far.resume();
  far.write(frame(SETTINGS, 0, 0));
  const read: (string[] | undefined)[] = [];
  // One by one: an error of the connection would take the answers along that Node has not told of yet.
  for (const [i, block] of blocks.entries()) {
    far.write(frame(HEADERS, END_STREAM_AND_HEADERS, 1 + 2 * i, block));
    read.push(await answers[i]);
  }
  session.destroy();
  return read;
}

/** What is written to one side comes out of the other. */
function pair(): [Duplex, Duplex] {
  const side = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        other().push(chunk);
        done();
      },
      final(done) {
        other().push(null);
        done();
      },
    });
  const near: Duplex = side(() => far);
  const far: Duplex = side(() => near);
  return [near, far];
}

/** Whether the head is an answer by itself: each ends its stream. */
function isWhole(response: ResponseFields): boolean {
  const kind = response.status < 200 ? "interim" : "final";
  return nextResponsePhase("head", kind, true) === "ended" && expectedDataLength("GET", response) <= 0;
}

/** Node 22 never ends some requests whose header block it refused: then there is no verdict to wait for. */
const hasVerdicts = Number(process.versions.node.split(".")[0]) >= 24;

test.skipIf(!hasVerdicts)(
  `${CASES} connections of seed ${SEED}: no fields but those that Node's client reads`,
  {
    timeout: 0,
  },
  async () => {
    let handedOut = 0;
    let refused = 0;
    for (let index = 0; index < CASES; index++) {
      const blocks = generateBlocks(new Choices(SEED + index * 7_919));
      const node = await readByNode(blocks);
      const decoder = new HpackDecoder();
      const response = new ResponseFields({ latin1 });
      for (const [i, block] of blocks.entries()) {
        const verdict = decoder.decode(block, 0, block.length);
        if (verdict === "malformed") break;
        if (!response.readHead(decoder.fields) || !isWhole(response)) {
          refused += 1;
          continue;
        }
        handedOut += 1;
        const which = `SKEIN_FUZZ_SEED=${SEED}, connection ${index}, block ${i}: ${block.toString("hex")}`;
        expect(node[i], which).toEqual(fieldsOf(decoder.fields).flat());
      }
    }
    console.log(`seed ${SEED}: ${handedOut} blocks handed out, ${refused} refused`);
    expect(handedOut).toBeGreaterThan(CASES);
    expect(refused).toBeGreaterThan(CASES / 20);
  },
);
