import type { ResponseSink } from "../../src/protocol/http1/response-reader.ts";
import { type ReaderLimits, ResponseReader } from "../../src/protocol/http1/response-reader.ts";

/** What the connection's read buffer holds around the bytes of a read, and in their place afterwards. */
const STALE = 0xaa;
const MARGIN = 3;
const NEXT_ANSWER = "HTTP/1.1 202 Next\r\ncontent-length: 4\r\n\r\nnext";

export interface Exchange {
  method?: string;
  limits?: Partial<ReaderLimits>;
}

/** Notes what a reader hands out, one line an event; the pieces of a body are joined. */
export class EventLog implements ResponseSink {
  readonly events: string[] = [];
  readonly reader: ResponseReader;
  #body = "";

  constructor({ method = "GET", limits = {} }: Exchange = {}) {
    this.reader = new ResponseReader(this, { latin1 }, limits);
    this.reader.begin(method);
  }

  onInterim(status: number, fieldLines: string): void {
    this.#note(`interim ${status} ${JSON.stringify(fieldLines)}`);
  }

  onHead(status: number, reason: string, fieldLines: string): void {
    const length = this.reader.contentLength ?? "?";
    this.#note(`head ${status} ${reason} ${JSON.stringify(fieldLines)} length ${length}`);
  }

  onBody(bytes: Uint8Array, start: number, end: number): void {
    if (start >= end) throw new Error("an empty piece of a body");
    this.#body += latin1(bytes, start, end);
  }

  onEnd(trailerLines: string): void {
    const { reusable, keepAliveSeconds } = this.reader;
    const trailers = trailerLines === "" ? "" : ` ${JSON.stringify(trailerLines)}`;
    const timeout = keepAliveSeconds === undefined ? "" : ` for ${keepAliveSeconds} s`;
    this.#note(`end${trailers} ${reusable ? "reusable" : "close"}${timeout}`);
  }

  onError({ code, offset, detail }: { code: string; offset: number; detail: string }): void {
    if (this.reader.reusable) throw new Error("a broken connection is not reusable");
    this.#note(`error ${code} at ${offset}: ${detail}`);
  }

  /** Feeds one read, as a connection does: in a buffer that is used again for the next one. */
  read(bytes: Uint8Array): void {
    const buffer = new Uint8Array(bytes.length + 2 * MARGIN).fill(STALE);
    buffer.set(bytes, MARGIN);
    this.reader.receive(buffer, MARGIN, MARGIN + bytes.length);
    buffer.fill(STALE);
  }

  finish(): string[] {
    this.reader.end();
    this.#flush();
    return this.events;
  }

  /** Whether the answer has ended, or failed. */
  get settled(): boolean {
    return /^(end|error)/.test(this.events.at(-1) ?? "");
  }

  #note(event: string): void {
    this.#flush();
    this.events.push(event);
  }

  #flush(): void {
    if (this.#body !== "") this.events.push(`body ${JSON.stringify(this.#body)}`);
    this.#body = "";
  }
}

export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** The events of an answer that comes in these reads, and of the connection's end behind them. */
export function readIn(reads: Iterable<Uint8Array>, exchange?: Exchange): string[] {
  const log = new EventLog(exchange);
  for (const bytes of reads) log.read(bytes);
  return log.finish();
}

export function readWhole(answer: string, exchange?: Exchange): string[] {
  return readIn([bytesOf(answer)], exchange);
}

/**
 * The events of an answer, which must not depend on how it comes in: whole, byte by byte, split in two anywhere, and
 * with the bytes of another answer behind it (if it ends before the connection does). Those make the connection
 * unusable, and nothing else.
 */
export function readEveryWay(answer: string, exchange?: Exchange): string[] {
  const bytes = bytesOf(answer);
  const expected = readWhole(answer, exchange);
  const compare = (how: string, events: string[]): void => {
    if (events.join("\n") === expected.join("\n")) return;
    throw new Error(`${how}:\n  ${events.join("\n  ")}\nwhole:\n  ${expected.join("\n  ")}`);
  };
  compare("byte by byte", readIn(eachByte(bytes), exchange));
  for (let at = 1; at < bytes.length; at++) compare(`split at ${at}`, readIn(splitAt(bytes, at), exchange));

  const whole = new EventLog(exchange);
  whole.read(bytes);
  if (!whole.settled) return expected;
  const followed = bytesOf(answer + NEXT_ANSWER);
  const usable = expected.pop()!;
  expected.push(usable.replace(/^end(.*) reusable/, "end$1 close"));
  compare("with an answer behind it", readIn([followed], exchange));
  for (let at = 1; at < bytes.length; at++) {
    const late = new EventLog(exchange);
    for (const read of splitAt(followed, at)) if (!late.settled) late.read(read);
    compare(`split at ${at}, with an answer behind it`, late.finish());
  }
  expected[expected.length - 1] = usable;
  return expected;
}

/** The events of answers that come over one connection, each in pieces of so many bytes. */
export function readInTurn(answers: readonly string[], pieceLength: number): string[] {
  const log = new EventLog();
  answers.forEach((answer, index) => {
    if (index > 0) log.reader.begin("GET");
    const bytes = bytesOf(answer);
    for (let at = 0; at < bytes.length; at += pieceLength) log.read(bytes.subarray(at, at + pieceLength));
  });
  return log.finish();
}

function* eachByte(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1);
}

function splitAt(bytes: Uint8Array, at: number): Uint8Array[] {
  return [bytes.subarray(0, at), bytes.subarray(at)];
}
