import { type BodyFraming, bodyFraming, FRAMING_FAULTS } from "./body-framing.ts";
import { ChunkLine } from "./chunk-line.ts";
import { FramingFields } from "./framing-fields.ts";
import { HeadReader, type TextPort } from "./head-reader.ts";
import { FAULTY, type Fault, NEED_MORE, type Violation } from "./violation.ts";

export type { TextPort } from "./head-reader.ts";
export type { Violation } from "./violation.ts";

/** What an answer is handed out to, piece by piece, while `receive` or `end` runs. */
export interface ResponseSink {
  /** An interim answer: 1xx, but 101. */
  onInterim(status: number, fieldLines: string): void;
  /**
   * The server leaves HTTP behind this head: a 101, or a 2xx to CONNECT. True where that was asked for: all that follows
   * goes to `onBody`, until the end. Else, and where this is left out, a 101 is a violation, and a tunnel is not used.
   */
  onSwitch?(status: number, reason: string, fieldLines: string): boolean;
  /** `fieldLines` is latin1 text, `name: value` each ended by CRLF, checked; without the empty line behind them. */
  onHead(status: number, reason: string, fieldLines: string): void;
  /** Some of the body: never empty, and valid during the call only. */
  onBody(bytes: Uint8Array, start: number, end: number): void;
  /** The answer is whole. What the reader says of the connection is final. `begin` may be called from here. */
  onEnd(trailerLines: string): void;
  /** Exactly once; from then on the reader ignores everything. */
  onError(violation: Violation): void;
}

export interface ReaderLimits {
  /** Of a head with its status line, and of a trailer section. Default: 65,536 bytes. */
  readonly maxHeaderBytes: number;
  /** Field lines of a head, and of a trailer section. Default: 200. */
  readonly maxFields: number;
  /** Interim answers in front of one answer. Default: 20. */
  readonly maxInterim: number;
}

const DEFAULT_LIMITS: ReaderLimits = { maxHeaderBytes: 65_536, maxFields: 200, maxInterim: 20 };

/** Nobody sends more in front of a chunk; Node allows 16 KiB. */
const MAX_CHUNK_LINE_BYTES = 4_096;

/**
 * What the next byte is part of. From "head", the framing leads to the body, or back to "idle"; "chunk-line" and
 * "chunk-data" take turns until a chunk of size 0, then follow "trailers". A violation leads to "dead" from anywhere.
 */
type ReaderState =
  | "idle"
  | "head"
  | "sized"
  | "until-close"
  | "chunk-line"
  | "chunk-data"
  | "trailers"
  | "dead";

/**
 * Reads the answers that come over one connection, one after the other: `begin` when a request has been written, then
 * bytes as they come. It keeps nothing of a body and copies nothing, and it allocates nothing but the texts it hands out.
 *
 * The floor above owns the socket: it closes it after a violation, and after an answer that is not `reusable`.
 */
export class ResponseReader {
  readonly #sink: ResponseSink;
  readonly #maxInterim: number;
  readonly #framingFields = new FramingFields();
  readonly #head: HeadReader;
  readonly #chunkLine = new ChunkLine(MAX_CHUNK_LINE_BYTES);
  #state: ReaderState = "idle";
  #framing: BodyFraming = "none";
  #method = "";
  #interimCount = 0;
  /** Of the body, or of the present chunk. */
  #remaining = 0;
  #reusable = true;
  /** Bytes of this connection, at the end of the present read. */
  #received = 0;
  /** `#received` when the present answer began. */
  #answerStart = 0;
  /** Makes an offset in this answer of a position in the array being read. */
  #toOffset = 0;
  /** The offset of the head, or of the trailers, that is being read. */
  #sectionOffset = 0;

  constructor(sink: ResponseSink, text: TextPort, limits: Partial<ReaderLimits> = {}) {
    const all = { ...DEFAULT_LIMITS, ...limits };
    this.#sink = sink;
    this.#maxInterim = all.maxInterim;
    this.#head = new HeadReader(text, this.#framingFields, all);
  }

  /** Whether no answer is due. */
  get idle(): boolean {
    return this.#state === "idle";
  }

  /** Whether a byte of the present answer, or of the last one, has been seen. */
  get started(): boolean {
    return this.#received > this.#answerStart;
  }

  /**
   * Whether another request may be written: HTTP/1.1 without `connection: close`, or HTTP/1.0 with `keep-alive`, a body
   * that did not end with the connection, and no byte behind the answer. Final in `onEnd`.
   */
  get reusable(): boolean {
    return this.#reusable;
  }

  /** How long the server keeps an idle connection, as its `keep-alive: timeout=N` says. */
  get keepAliveSeconds(): number | undefined {
    const seconds = this.#framingFields.keepAliveSeconds;
    return seconds < 0 ? undefined : seconds;
  }

  /** The answer is HTTP/1.0 or HTTP/1.1; from `onHead` on. */
  get minorVersion(): 0 | 1 {
    return this.#head.minorVersion;
  }

  /**
   * How many bytes of body there will be: 0 for an answer that has none whatever its fields say, undefined when only its
   * end will tell. From `onHead` on.
   */
  get contentLength(): number | undefined {
    if (this.#framing === "none" || this.#framing === "tunnel") return 0;
    return this.#framing === "sized" ? this.#framingFields.contentLength : undefined;
  }

  /** A request was written: an answer may come. Throws when none can follow. */
  begin(method: string): void {
    if (this.#state !== "idle")
      throw new Error(`an answer can't begin: the reader's state is "${this.#state}"`);
    if (!this.#reusable)
      throw new Error("an answer can't begin: the last one was not followed by a clean end");
    this.#method = method;
    this.#interimCount = 0;
    this.#answerStart = this.#received;
    this.#reusable = false;
    this.#startHead();
  }

  /** Reads `bytes[start, end)`, which came from the peer. */
  receive(bytes: Uint8Array, start: number, end: number): void {
    this.#toOffset = this.#received - this.#answerStart - start;
    this.#received += end - start;
    let at = start;
    while (at < end) at = this.#readSome(bytes, at, end);
  }

  /** The peer will send nothing more. That ends a body until close; any other answer that is due is cut. */
  end(): void {
    if (this.#state === "until-close") this.#finish("", false);
    else if (this.#state !== "idle" && this.#state !== "dead") {
      this.#fail(this.#received - this.#answerStart, this.#describeCut());
    }
  }

  /** Reads on from `start`, in the present state. Returns where to go on: `end`, when nothing is left to do. */
  #readSome(bytes: Uint8Array, start: number, end: number): number {
    switch (this.#state) {
      case "head":
        return this.#readHead(bytes, start, end);
      case "sized":
        return this.#readSized(bytes, start, end);
      case "until-close":
        this.#sink.onBody(bytes, start, end);
        return end;
      case "chunk-line":
        return this.#readChunkLine(bytes, start, end);
      case "chunk-data":
        return this.#readChunkData(bytes, start, end);
      case "trailers":
        return this.#readTrailers(bytes, start, end);
      case "idle":
        this.#fail(0, UNEXPECTED);
        return end;
      case "dead":
        return end;
    }
  }

  #startHead(): void {
    this.#state = "head";
    this.#sectionOffset = -1;
    this.#framingFields.reset();
    this.#head.startHead();
  }

  #readHead(bytes: Uint8Array, start: number, end: number): number {
    const stop = this.#readSection(bytes, start, end);
    if (stop < 0) return end;
    if (this.#head.status >= 200) return this.#takeHead(stop, end);
    if (this.#head.status === 101 && this.#head.minorVersion === 1 && this.#switches()) return stop;
    const fault = this.#findInterimFault();
    if (fault === undefined) this.#takeInterim();
    else this.#fail(this.#sectionOffset, fault);
    return stop;
  }

  /** A head, or a trailer section. Returns the position behind it, or less than 0 for now or for ever. */
  #readSection(bytes: Uint8Array, start: number, end: number): number {
    if (this.#sectionOffset < 0) this.#sectionOffset = this.#toOffset + start;
    const stop = this.#head.read(bytes, start, end);
    if (stop === FAULTY) this.#fail(this.#sectionOffset + this.#head.faultAt, this.#head.fault!);
    return stop;
  }

  #takeInterim(): void {
    this.#interimCount += 1;
    const { status, fieldLines } = this.#head;
    this.#startHead();
    this.#sink.onInterim(status, fieldLines);
  }

  /** Why nothing can follow this interim answer. */
  #findInterimFault(): Fault | undefined {
    const { contentLength, chunked } = this.#framingFields;
    if (this.#head.status === 101) return UPGRADE;
    if (!this.#keepsAlive()) return CLOSING_INTERIM;
    // RFC 9110 §15.2: it has no body. Who announces one all the same may have sent it, and others do read it.
    if (chunked || contentLength > 0) return INTERIM_BODY;
    if (this.#interimCount < this.#maxInterim) return undefined;
    return { code: "too-many-interim", detail: `more than ${this.#maxInterim} interim answers` };
  }

  #takeHead(stop: number, end: number): number {
    const framing = bodyFraming(this.#method, this.#head, this.#framingFields);
    if (framing === "both-fields" || framing === "chunked-in-http-1.0") {
      this.#fail(this.#sectionOffset, FRAMING_FAULTS[framing]);
      return end;
    }
    if (framing === "tunnel" && this.#switches()) return stop;
    this.#framing = framing;
    const { status, reason, fieldLines } = this.#head;
    this.#sink.onHead(status, reason, fieldLines);
    switch (framing) {
      case "none":
      case "tunnel":
        return this.#finishAt(stop, end);
      case "sized":
        return this.#startSized(stop, end);
      case "chunked":
        this.#state = "chunk-line";
        this.#chunkLine.start();
        return stop;
      case "until-close":
        this.#state = "until-close";
        return stop;
    }
  }

  /** Whether the connection is no HTTP any more. */
  #switches(): boolean {
    const { status, reason, fieldLines } = this.#head;
    this.#framing = "until-close";
    if (this.#sink.onSwitch?.(status, reason, fieldLines) !== true) return false;
    this.#state = "until-close";
    return true;
  }

  #startSized(at: number, end: number): number {
    this.#state = "sized";
    this.#remaining = this.#framingFields.contentLength;
    return this.#remaining === 0 ? this.#finishAt(at, end) : at;
  }

  #readSized(bytes: Uint8Array, start: number, end: number): number {
    const stop = this.#handOut(bytes, start, end);
    return this.#remaining === 0 ? this.#finishAt(stop, end) : stop;
  }

  #readChunkData(bytes: Uint8Array, start: number, end: number): number {
    const stop = this.#handOut(bytes, start, end);
    if (this.#remaining === 0) {
      this.#state = "chunk-line";
      this.#chunkLine.startAfterData();
    }
    return stop;
  }

  /** As much as remains of the body or of the chunk. */
  #handOut(bytes: Uint8Array, start: number, end: number): number {
    const stop = Math.min(end, start + this.#remaining);
    this.#remaining -= stop - start;
    this.#sink.onBody(bytes, start, stop);
    return stop;
  }

  #readChunkLine(bytes: Uint8Array, start: number, end: number): number {
    const line = this.#chunkLine;
    const stop = line.scan(bytes, start, end);
    if (stop === NEED_MORE) return end;
    if (stop === FAULTY) {
      this.#fail(this.#toOffset + line.faultAt, line.fault!);
      return end;
    }
    if (line.size > 0) {
      this.#state = "chunk-data";
      this.#remaining = line.size;
    } else {
      this.#state = "trailers";
      this.#sectionOffset = -1;
      this.#framingFields.enterTrailers();
      this.#head.startTrailers();
    }
    return stop;
  }

  #readTrailers(bytes: Uint8Array, start: number, end: number): number {
    const stop = this.#readSection(bytes, start, end);
    if (stop < 0) return end;
    return this.#finishAt(stop, end, this.#head.fieldLines);
  }

  #finishAt(at: number, end: number, trailerLines = ""): number {
    // What follows an answer that nothing was to follow belongs to nobody: it must not become the next answer.
    this.#finish(trailerLines, at === end && this.#keepsAlive());
    return end;
  }

  #finish(trailerLines: string, reusable: boolean): void {
    this.#reusable = reusable;
    this.#state = "idle";
    this.#sink.onEnd(trailerLines);
  }

  /** RFC 9112 §9.3, for an answer whose end is known by itself. */
  #keepsAlive(): boolean {
    const { close, keepAlive } = this.#framingFields;
    const isTunnel = this.#method === "CONNECT" && this.#head.status >= 200 && this.#head.status < 300;
    return !close && !isTunnel && (this.#head.minorVersion === 1 || keepAlive);
  }

  #fail(offset: number, { code, detail }: Fault): void {
    this.#state = "dead";
    this.#reusable = false;
    this.#sink.onError({ code, offset, detail });
  }

  #describeCut(): Fault {
    switch (this.#state) {
      case "head":
        return this.started ? CUT_HEAD : CLOSED;
      case "sized":
        return cutBody(`the connection ended ${this.#remaining} bytes before the body did`);
      case "trailers":
        return cutBody("the connection ended inside the trailers");
      default:
        return cutBody("the connection ended before the last chunk");
    }
  }
}

function cutBody(detail: string): Fault {
  return { code: "cut-body", detail };
}

const CLOSED: Fault = { code: "closed", detail: "the connection ended before an answer began" };
const CUT_HEAD: Fault = { code: "cut-head", detail: "the connection ended inside the head of the answer" };
const UNEXPECTED: Fault = { code: "unexpected-bytes", detail: "bytes came when no answer was due" };
const UPGRADE: Fault = {
  code: "upgrade",
  detail: "the server switches protocols (101), which nobody had asked for",
};
const INTERIM_BODY: Fault = { code: "interim", detail: "an interim answer that announces a body" };
const CLOSING_INTERIM: Fault = {
  code: "interim",
  detail: "an interim answer that closes the connection: no final one can follow it",
};
