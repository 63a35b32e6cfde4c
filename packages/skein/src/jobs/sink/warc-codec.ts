// A WARC file as the output of a job. Of each item it has, in this order: a response and a request record for every
// exchange of its last attempt (redirects are exchanges), and a metadata record whose block is the item's row of JSON. So
// an item without an answer has its record, too, and the row tells all that other outputs tell.

import { VERSION } from "../../entry/version.ts";
import { JobError } from "../job-error.ts";
import { type MemberReader, packMember } from "./members.ts";
import type { OutputReader } from "./output-codec.ts";
import type { OutputPacking } from "./output-kind.ts";
import { warcBytes, warcId } from "./warc-record.ts";

const HEAD_END = "\r\n\r\n";

/** How a row comes to the file: the records of its exchanges stand in it as base64. */
interface RowWithRecords {
  readonly warc?: string;
  readonly url?: string;
}

/** The records of rows, each packed by itself where they are packed. */
export function encodeWarc(lines: string, at: number, packing: OutputPacking | undefined): Uint8Array {
  const records = lines.split("\n").slice(0, -1).flatMap(recordsOfLine);
  if (at === 0) records.unshift(infoRecord());
  return Buffer.concat(packing === undefined ? records : records.map(record => packMember(packing, record)));
}

function infoRecord(): Buffer {
  const block = Buffer.from(
    `software: skein/${VERSION}\r\nformat: WARC File Format 1.1\r\nconformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n`,
  );
  const contentType = "application/warc-fields";
  return warcBytes({ type: "warcinfo", id: warcId(), date: Date.now(), contentType, block });
}

function recordsOfLine(line: string): Buffer[] {
  const { warc = "", ...row } = JSON.parse(line) as RowWithRecords;
  const records = Buffer.from(warc, "base64");
  const exchanges: Buffer[] = [];
  for (let at = 0; at < records.length; ) {
    const end = at + recordLength(records.subarray(at))!;
    exchanges.push(records.subarray(at, end));
    at = end;
  }
  const about = exchanges.length === 0 ? undefined : fieldOf(headOf(exchanges.at(-2)!), "WARC-Record-ID");
  return [
    ...exchanges,
    warcBytes({
      type: "metadata",
      id: warcId(),
      date: Date.now(),
      contentType: "application/json",
      ...(row.url === undefined ? undefined : { targetUri: row.url }),
      ...(about === undefined ? undefined : { fields: [["WARC-Concurrent-To", about]] as const }),
      block: Buffer.from(JSON.stringify(row)),
    }),
  ];
}

/** Takes the bytes of a WARC file as they come and gives the rows in it, with their records or with their bodies. */
export class WarcReader implements OutputReader {
  readonly #members: MemberReader | undefined;
  readonly #withRecords: boolean;
  #rest: Buffer = Buffer.alloc(0);
  #exchanges: Buffer[] = [];

  constructor(members: MemberReader | undefined, withRecords: boolean) {
    this.#members = members;
    this.#withRecords = withRecords;
  }

  push(bytes: Buffer): string[] {
    const contents = this.#members === undefined ? [bytes] : this.#members.push(bytes);
    let rest = Buffer.concat([this.#rest, ...contents]);
    const lines: string[] = [];
    for (
      let length = recordLength(rest);
      length !== undefined && length <= rest.length;
      length = recordLength(rest)
    ) {
      const line = this.#take(rest.subarray(0, length));
      if (line !== undefined) lines.push(line);
      rest = rest.subarray(length);
    }
    this.#rest = rest;
    return lines;
  }

  /** A record that is not whole is of a commit that did not happen. */
  end(): string[] {
    return [];
  }

  /** The row, where the record is one. */
  #take(record: Buffer): string | undefined {
    const type = fieldOf(headOf(record), "WARC-Type");
    if (type === "response" || type === "request") this.#exchanges.push(record);
    if (type !== "metadata") return undefined;
    const row = JSON.parse(blockOf(record).toString()) as Record<string, unknown>;
    const exchanges = this.#exchanges;
    this.#exchanges = [];
    if (exchanges.length === 0) return JSON.stringify(row);
    if (this.#withRecords)
      return JSON.stringify({ ...row, warc: Buffer.concat(exchanges).toString("base64") });
    const hasBody = row.bytes !== null && row.path === undefined;
    return JSON.stringify(hasBody ? { ...row, bodyBase64: bodyOf(exchanges).toString("base64") } : row);
  }
}

/** Of the last response: its request follows it. */
function bodyOf(exchanges: readonly Buffer[]): Buffer {
  const block = blockOf(exchanges.at(-2)!);
  return block.subarray(block.indexOf(HEAD_END) + HEAD_END.length);
}

function headOf(record: Buffer): string {
  return record.toString("latin1", 0, record.indexOf(HEAD_END));
}

function blockOf(record: Buffer): Buffer {
  const start = record.indexOf(HEAD_END) + HEAD_END.length;
  return record.subarray(start, record.length - HEAD_END.length);
}

function fieldOf(head: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)$`, "m").exec(head)?.[1]?.trim();
}

/** Undefined where its head is not there yet. */
function recordLength(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return undefined;
  const head = bytes.toString("latin1", 0, end);
  const length = Number(fieldOf(head, "Content-Length"));
  if (head.startsWith("WARC/1.1") && Number.isSafeInteger(length)) return end + length + 2 * HEAD_END.length;
  throw new JobError(
    "OUTPUT_CHANGED",
    "the WARC file is not what the job wrote: a record has no head or no length",
  );
}
