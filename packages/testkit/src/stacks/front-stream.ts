import { type Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { block, frame, uint32 } from "../http2-frames.ts";

/** What a stream needs of its connection. */
export interface FrontWriter {
  readonly origin: { readonly port: number; readonly agent: Agent };
  write(bytes: Buffer): void;
  spend(wanted: number): number;
  ended(id: number): void;
}

const END_STREAM = 1;
const END_HEADERS = 4;
const MAX_FRAME = 16_384;
const INTERNAL_ERROR = 2;

/** Fields of HTTP/1.1's connections, which have no place here (RFC 9113 §8.2.2). */
const OF_CONNECTIONS = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

type Fields = readonly (readonly [name: string, value: string])[];

/** One stream: its request goes to the origin as it comes, and the answer back, as far as the windows allow. */
export class FrontStream {
  readonly #id: number;
  readonly #connection: FrontWriter;
  readonly #request: ClientRequest;
  #window: number;
  /** What of the answer's body could not be sent yet. */
  #queue: Buffer[] = [];
  #answer: IncomingMessage | undefined;
  #hasAll = false;
  #isOver = false;

  constructor(
    id: number,
    connection: FrontWriter,
    { fields, window, hasBody }: { fields: Fields; window: number; hasBody: boolean },
  ) {
    this.#id = id;
    this.#connection = connection;
    this.#window = window;
    this.#request = this.#ask(fields, hasBody);
  }

  receive(data: Buffer, taken: () => void): void {
    this.#request.write(data, () => taken());
  }

  receiveTrailers(fields: Fields): void {
    this.#request.addTrailers(fields as [string, string][]);
  }

  receivedAll(): void {
    this.#request.end();
  }

  widen(increment: number): void {
    this.#window += increment;
    this.flush();
  }

  /** The client has gone, or wants no more. */
  giveUp(): void {
    this.#end();
    this.#request.destroy();
  }

  flush(): void {
    while (this.#queue.length > 0 && !this.#isOver) {
      const [first] = this.#queue;
      const allowed = this.#connection.spend(Math.min(first!.length, this.#window, MAX_FRAME));
      if (allowed === 0) return;
      this.#window -= allowed;
      this.#connection.write(frame("DATA", this.#id, { payload: first!.subarray(0, allowed) }));
      if (allowed < first!.length) this.#queue[0] = first!.subarray(allowed);
      else this.#queue.shift();
    }
    if (this.#isOver) return;
    if (this.#hasAll) this.#finish();
    else this.#answer?.resume();
  }

  #ask(fields: Fields, hasBody: boolean): ClientRequest {
    const pseudo = (name: string) => fields.find(([candidate]) => candidate === name)?.[1] ?? "";
    const own = fields.filter(([name]) => !name.startsWith(":")).flat();
    const sized = !hasBody || fields.some(([name]) => name === "content-length");
    const headers = [
      "host",
      pseudo(":authority"),
      ...own,
      ...(sized ? [] : ["transfer-encoding", "chunked"]),
    ];
    const { port, agent } = this.#connection.origin;
    const asked = request({
      host: "127.0.0.1",
      port,
      agent,
      method: pseudo(":method"),
      path: pseudo(":path"),
      headers: headers as never,
      setHost: false,
    });
    asked.on("information", ({ statusCode, rawHeaders }) => this.#headers(statusCode, pairs(rawHeaders)));
    asked.on("response", answer => this.#respond(answer, pseudo(":method")));
    asked.on("error", () => this.#reset(INTERNAL_ERROR));
    if (hasBody) asked.flushHeaders();
    return asked;
  }

  #respond(answer: IncomingMessage, method: string): void {
    this.#answer = answer;
    const { statusCode = 0, rawHeaders } = answer;
    const isEmpty = method === "HEAD" || statusCode === 204 || statusCode === 304;
    this.#headers(statusCode, pairs(rawHeaders), isEmpty ? END_STREAM : 0);
    if (isEmpty) {
      answer.resume();
      return this.#end();
    }
    answer.on("data", (chunk: Buffer) => {
      this.#queue.push(chunk);
      answer.pause();
      this.flush();
    });
    answer.on("end", () => {
      this.#hasAll = true;
      this.flush();
    });
    answer.on("error", () => this.#reset(INTERNAL_ERROR));
  }

  #finish(): void {
    const trailers = pairs(this.#answer?.rawTrailers ?? []);
    if (trailers.length > 0) this.#block(trailers, END_STREAM);
    else this.#connection.write(frame("DATA", this.#id, { flags: END_STREAM }));
    // RFC 9113 §8.1: the whole answer is there; the rest of the request is not needed.
    if (!this.#request.writableEnded)
      this.#connection.write(frame("RST_STREAM", this.#id, { payload: uint32(0) }));
    this.#end();
  }

  #headers(status: number, fields: Fields, flags = 0): void {
    this.#block([[":status", String(status)], ...fields], flags);
  }

  #block(fields: Fields, flags: number): void {
    if (this.#isOver) return;
    const sent = fields
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => !OF_CONNECTIONS.has(name));
    const bytes = block(sent);
    for (let at = 0; at === 0 || at < bytes.length; at += MAX_FRAME) {
      const isLast = at + MAX_FRAME >= bytes.length;
      const type = at === 0 ? "HEADERS" : "CONTINUATION";
      const own = (at === 0 ? flags : 0) | (isLast ? END_HEADERS : 0);
      this.#connection.write(
        frame(type, this.#id, { flags: own, payload: bytes.subarray(at, at + MAX_FRAME) }),
      );
    }
  }

  #reset(code: number): void {
    if (this.#isOver) return;
    this.#connection.write(frame("RST_STREAM", this.#id, { payload: uint32(code) }));
    this.#end();
  }

  #end(): void {
    this.#isOver = true;
    this.#queue = [];
    this.#connection.ended(this.#id);
  }
}

function pairs(raw: readonly string[]): [name: string, value: string][] {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i]!, raw[2 * i + 1]!]);
}
