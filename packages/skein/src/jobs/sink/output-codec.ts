import type { JobRow } from "./job-row.ts";
import { MemberReader, memberStart, packMember } from "./members.ts";
import type { OutputKind, OutputPacking } from "./output-kind.ts";
import { TableReader, tableText } from "./table.ts";
import { encodeWarc, WarcReader } from "./warc-codec.ts";

/** How the rows of a job, as lines of JSON, stand in its output; there and back. */
export interface OutputCodec {
  /**
   * What to append for lines of JSON, each with its line feed.
   *
   * @param at where in the file it goes
   */
  encode(lines: string, at: number): Uint8Array;
  /** What a file of this kind begins with; undefined where that says nothing. */
  readonly start: Uint8Array | undefined;
  /** @param whole whether rows come with all that `encode` needs, or as people read them */
  reader(path: string, whole: boolean): OutputReader;
}

/** Takes the bytes of an output as they come, and gives its rows, as lines of JSON without their line feed. */
export interface OutputReader {
  push(bytes: Buffer): string[];
  /** Those that no further byte will complete. */
  end(): string[];
}

/** @returns undefined for lines of JSON as they are: those are written and read without it */
export function outputCodec({ format, packing }: OutputKind): OutputCodec | undefined {
  if (format === "jsonl" && packing === undefined) return undefined;
  if (format === "warc") return warcCodec(packing);
  if (format === "parquet") return outputCodec(PARQUET_LOG);
  const text = format === "jsonl" ? LINES : tableCodec(format === "csv" ? "," : "\t");
  return {
    encode: (lines, at) => {
      const bytes = Buffer.from(text.encode(lines, at === 0));
      return packing === undefined ? bytes : packMember(packing, bytes);
    },
    start: packing === undefined ? undefined : memberStart(packing),
    reader: path =>
      packing === undefined ? text.reader() : packedReader(new MemberReader(packing, path), text),
  };
}

/** What a Parquet file is made of in the end: see parquet-file.ts. */
const PARQUET_LOG: OutputKind = { format: "jsonl", packing: "zstd" };

function warcCodec(packing: OutputPacking | undefined): OutputCodec {
  return {
    encode: (lines, at) => encodeWarc(lines, at, packing),
    start: packing === undefined ? Buffer.from("WARC/1.1\r\n") : memberStart(packing),
    reader: (path, whole) =>
      new WarcReader(packing === undefined ? undefined : new MemberReader(packing, path), whole),
  };
}

interface TextCodec {
  encode(lines: string, isBeginning: boolean): string;
  reader(): OutputReader;
}

function packedReader(members: MemberReader, text: TextCodec): OutputReader {
  const reader = text.reader();
  return {
    push: bytes => members.push(bytes).flatMap(content => reader.push(content)),
    end: () => reader.end(),
  };
}

const LINE_FEED = 0x0a;

const LINES: TextCodec = {
  encode: lines => lines,
  reader: () => {
    let rest: Buffer = Buffer.alloc(0);
    return {
      push(bytes) {
        const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
        const end = all.lastIndexOf(LINE_FEED);
        rest = all.subarray(end + 1);
        return end < 0 ? [] : all.toString("utf8", 0, end).split("\n");
      },
      end: () => (rest.length === 0 ? [] : [rest.toString("utf8")]),
    };
  },
};

function tableCodec(delimiter: string): TextCodec {
  return {
    encode: (lines, isBeginning) => tableText(rowsOf(lines), delimiter, isBeginning),
    reader: () => {
      const table = new TableReader(delimiter);
      return {
        push: bytes => table.push(bytes).map(row => JSON.stringify(row)),
        end: () => table.end().map(row => JSON.stringify(row)),
      };
    },
  };
}

function rowsOf(lines: string): JobRow[] {
  return lines
    .split("\n")
    .slice(0, -1)
    .map(line => JSON.parse(line) as JobRow);
}
