import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@skein/testkit";
import { ERROR_CODES } from "../../src/protocol/http2/error-codes.ts";
import type { BlockDecoder } from "../../src/protocol/http2/frames/frame-reader.ts";
import { FieldList } from "../../src/protocol/http2/hpack/field-list.ts";
import { CONTINUATION, FrameLog, frame, HEADERS, readEveryWay } from "./frame-feeds.ts";

/** Cases of http2jp/http2-frame-test-case: a frame, and what it decodes to or which errors it may be. */
interface FrameCase {
  readonly description: string;
  readonly wire: string;
  readonly error: readonly number[] | null;
  readonly frame: {
    readonly type: number;
    readonly flags: number;
    readonly stream_identifier: number;
    readonly frame_payload: Payload;
  } | null;
}

interface Payload {
  readonly data?: string;
  readonly padding_length?: number | null;
  readonly header_block_fragment?: string;
  readonly error_code?: number;
  readonly settings?: readonly (readonly [number, number])[];
  readonly opaque_data?: string;
  readonly last_stream_id?: number;
  readonly additional_debug_data?: string;
  readonly window_size_increment?: number;
}

const FOLDER = new URL("../corpora/http2-frames/", import.meta.url);

function readCases(folder: string): [name: string, FrameCase][] {
  const url = new URL(`${folder}/`, FOLDER);
  return readdirSync(url).map(file => [
    `${folder}/${file}`,
    JSON.parse(readFileSync(new URL(file, url), "utf8")),
  ]);
}

const FOLDERS = readdirSync(FOLDER, { withFileTypes: true })
  .filter(entry => entry.isDirectory())
  .map(entry => entry.name);
const CASES = FOLDERS.flatMap(readCases);

/** The blocks of these cases are no HPACK: it keeps them as they are, as the value of one field. */
function keepBlocks(): BlockDecoder {
  const fields = new FieldList();
  return {
    fields,
    fault: "",
    decode(bytes, start, end) {
      fields.clear();
      fields.append(Buffer.from("block"), 0, 5);
      fields.endName();
      fields.append(bytes, start, end);
      fields.endValue();
      fields.keepField();
      return "ok";
    },
  };
}

const setup = () => ({ decoder: keepBlocks() });

/** The event that the frame is to bring, by its type. */
function expectedEvents({
  type,
  stream_identifier: id,
  frame_payload: payload,
}: NonNullable<FrameCase["frame"]>) {
  switch (type) {
    case 0: {
      const { data = "", padding_length: padding } = payload;
      return [`data ${id} "${data}" of ${data.length + (padding ? padding + 1 : 0)}`];
    }
    case 1:
    case 9:
      return [`headers ${id} block=${payload.header_block_fragment}`];
    case 2:
      return [];
    case 3:
      return [`reset ${id} ${payload.error_code}`];
    case 4:
      return [...payload.settings!.map(([key, value]) => `setting ${key} ${value}`), "settings"];
    case 6: {
      const data = Buffer.from(payload.opaque_data!);
      return [`ping ${data.readUInt32BE(0)} ${data.readUInt32BE(4)}`];
    }
    case 7:
      return [`goaway ${payload.last_stream_id} ${payload.error_code} "${payload.additional_debug_data}"`];
    case 8:
      return [`window ${id} ${payload.window_size_increment}`];
    default:
      throw new Error(`no frame of type ${type} was expected`);
  }
}

test("the cases are there", () => {
  expect(CASES.length).toBeGreaterThanOrEqual(34);
});

describe("frames that are right", () => {
  const right = CASES.filter(([, { frame }]) => frame !== null);

  test.each(right.filter(([, { frame }]) => frame!.type !== 5))("%s", (_, { wire, frame: expected }) => {
    const { type, stream_identifier: id } = expected!;
    const frames: Buffer[] = [Buffer.from(wire, "hex")];
    if (type === CONTINUATION) {
      // It stands alone, and does not end its block.
      frames.unshift(frame(HEADERS, 0, id));
      frames.push(frame(CONTINUATION, 0x4, id));
    }
    expect(readEveryWay(frames, setup)).toEqual(expectedEvents(expected!));
  });

  test("but push is off: each PUSH_PROMISE ends the connection", () => {
    const [, { wire }] = right.find(([, { frame }]) => frame!.type === 5)!;
    expect(readEveryWay([Buffer.from(wire, "hex")], setup)).toEqual([
      "connection error PROTOCOL_ERROR on 10 at 9: a PUSH_PROMISE frame, though push is off",
    ]);
  });
});

describe("frames that are wrong end in one of the errors that they may", () => {
  const wrong = CASES.filter(([, { error }]) => error !== null);

  test.each(wrong)("%s", (_, { wire, error }) => {
    const bytes = Buffer.from(wire, "hex");
    readEveryWay([bytes], setup);
    const log = new FrameLog(setup());
    log.read(bytes);
    expect(log.violations.map(({ code }) => ERROR_CODES[code])).toHaveLength(1);
    expect(error).toContain(ERROR_CODES[log.violations[0]!.code]);
  });
});
