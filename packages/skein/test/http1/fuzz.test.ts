import { randomInt } from "node:crypto";
import { describe, expect, test } from "@skein/testkit";
import type { Violation } from "../../src/protocol/http1/response-reader.ts";
import { ResponseReader, type ResponseSink } from "../../src/protocol/http1/response-reader.ts";
import { bytesOf, EventLog, latin1, readIn } from "./answer-feeds.ts";
import { Choices, generateAnswer } from "./answer-generator.ts";
import { NodeAnswerParser } from "./node-parser.ts";

/*
 * Generated answers against Node's own parser. The comparison has one side: we may refuse what it takes, but what we hand
 * out (heads, pieces of a body, ends, a connection that may be used again) it must have read in the same bytes.
 *
 * SKEIN_FUZZ_CASES: how many (default 100,000). SKEIN_FUZZ_SEED: which, to see a failure again.
 */
const CASES = Number(process.env.SKEIN_FUZZ_CASES ?? 100_000);
const SEED = Number(process.env.SKEIN_FUZZ_SEED ?? randomInt(2 ** 31));
const NEXT = bytesOf("HTTP/1.1 299 Next\r\ncontent-length: 0\r\n\r\n");

/** What a reader handed out, and after how many bytes it was done. */
class Reading implements ResponseSink {
  interims: number[] = [];
  status = 0;
  fieldLines = "";
  body = "";
  trailerLines = "";
  violation: Violation | undefined;
  /** The answer ended: by itself, or with the connection. */
  end: "itself" | "connection" | undefined;
  consumed = 0;
  readonly reader = new ResponseReader(this, { latin1 });
  #closed = false;

  constructor(method: string, bytes: Uint8Array) {
    this.reader.begin(method);
    while (this.consumed < bytes.length && !this.done) {
      this.reader.receive(bytes, this.consumed, this.consumed + 1);
      if (this.violation === undefined) this.consumed += 1;
    }
    this.#closed = true;
    if (!this.done) this.reader.end();
  }

  get done(): boolean {
    return this.end !== undefined || this.violation !== undefined;
  }

  onInterim(status: number): void {
    this.interims.push(status);
  }

  onHead(status: number, _reason: string, fieldLines: string): void {
    this.status = status;
    this.fieldLines = fieldLines;
  }

  onBody(bytes: Uint8Array, start: number, end: number): void {
    this.body += latin1(bytes, start, end);
  }

  onEnd(trailerLines: string): void {
    this.trailerLines = trailerLines;
    this.end = this.#closed ? "connection" : "itself";
  }

  onError(violation: Violation): void {
    this.violation = violation;
  }
}

/** name, value, name, value …, without the blanks around the values. */
function listOf(fieldLines: string): string[] {
  return fieldLines
    .split("\r\n")
    .slice(0, -1)
    .flatMap(line => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)])
    .map(trimBlanks);
}

function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+/, "").replace(/[ \t]+$/, "");
}

/** What Node's parser made of the bytes that we took, in the form that `ours` has. */
function judge(reading: Reading, node: NodeAnswerParser): object {
  const final = node.messages[reading.interims.length];
  return {
    interims: node.messages.slice(0, reading.interims.length).map(({ status }) => status),
    status: final?.status,
    minorVersion: final?.minorVersion,
    fields: final?.fields.map(trimBlanks),
    body: final?.body,
    ...(reading.end && {
      whole: final?.whole,
      trailers: final?.trailers.map(trimBlanks),
      refusal: node.refusal,
    }),
  };
}

function ours(reading: Reading): object {
  return {
    interims: reading.interims,
    status: reading.status,
    minorVersion: reading.reader.minorVersion,
    fields: listOf(reading.fieldLines),
    body: reading.body,
    ...(reading.end && { whole: true, trailers: listOf(reading.trailerLines), refusal: undefined }),
  };
}

type Verdict = "whole" | "in part" | "refused";

function compare(method: string, bytes: Uint8Array): Verdict {
  const reading = new Reading(method, bytes);
  if (reading.status === 0) return "refused";
  const node = new NodeAnswerParser(method).feed(bytes.subarray(0, reading.consumed));
  if (reading.end === "connection") node.end();
  expect(ours(reading)).toEqual(judge(reading, node));
  if (reading.reader.reusable) {
    expect(node.feed(NEXT).refusal, "we would send another request").toBe(undefined);
    expect(node.messages.at(-1), "we would send another request").toMatchObject({ status: 299, whole: true });
  }
  node.close();
  return reading.end ? "whole" : "in part";
}

/** However the bytes come, the events are those of the whole. */
function compareSplits(choices: Choices, method: string, bytes: Uint8Array): void {
  const whole = readIn([bytes], { method });
  const log = new EventLog({ method });
  for (let at = 0; at < bytes.length && !log.settled; ) {
    const next = Math.min(bytes.length, at + 1 + choices.below(choices.of([2, 20, 200])));
    log.read(bytes.subarray(at, next));
    at = next;
  }
  const pieces = log.finish();
  // Only a read that ends with the answer leaves the connection usable; the violation of a late byte is not reached.
  const blur = (events: string[]): string[] =>
    events.map(event => event.replace(/ (reusable|close)( for|$)/, "$2"));
  expect(blur(pieces)).toEqual(blur(whole));
}

describe("generated answers", () => {
  test(`${CASES} of seed ${SEED}: nothing that Node's parser refuses or reads otherwise`, {
    timeout: 0,
  }, () => {
    const verdicts: Record<Verdict, number> = { whole: 0, "in part": 0, refused: 0 };
    for (let index = 0; index < CASES; index++) {
      const choices = new Choices(SEED + index * 7_919);
      const { method, answer } = generateAnswer(choices);
      const bytes = bytesOf(answer);
      try {
        verdicts[compare(method, bytes)] += 1;
        compareSplits(choices, method, bytes);
      } catch (cause) {
        const which = `SKEIN_FUZZ_SEED=${SEED}, case ${index}, ${method}: ${JSON.stringify(answer)}`;
        throw new Error(`${which}\n${(cause as Error).message}`, { cause });
      }
    }
    console.log(`seed ${SEED}: ${JSON.stringify(verdicts)} of ${CASES} answers`);
    // Cases that are all refused at the first byte would prove nothing.
    for (const verdict of ["whole", "in part", "refused"] as const) {
      expect(verdicts[verdict], verdict).toBeGreaterThan(CASES / 50);
    }
  });
});
