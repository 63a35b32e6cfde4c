import { createRequire } from "node:module";

/** The parts of Node's own parser that are used here. It is not public; node:http is built on it. */
interface NodeParser {
  [callback: number]: unknown;
  initialize(type: number, resource: object, maxHeaderSize: number, lenientFlags: number): void;
  execute(bytes: Uint8Array, start: number, length: number): number | Error;
  finish(): Error | undefined;
  close(): void;
}
interface NodeParserType {
  new (): NodeParser;
  readonly RESPONSE: number;
  readonly kLenientNone: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

const { HTTPParser } = createRequire(import.meta.url)("_http_common") as { HTTPParser: NodeParserType };

/** More than any case has: the limits are ours to keep. */
const MAX_HEADER_BYTES = 2 ** 20;

export interface NodeMessage {
  minorVersion: number;
  status: number;
  /** name, value, name, value … */
  fields: string[];
  trailers: string[];
  body: string;
  whole: boolean;
}

/** Node's parser in its strict mode, as the judge of what an answer says. */
export class NodeAnswerParser {
  readonly messages: NodeMessage[] = [];
  /** Why it refused the bytes. */
  refusal: string | undefined;
  readonly #parser = new HTTPParser();

  constructor(method: string) {
    const parser = this.#parser;
    parser.initialize(HTTPParser.RESPONSE, {}, MAX_HEADER_BYTES, HTTPParser.kLenientNone);
    // Fields come with the head, or before it where they are many; behind it they are trailers.
    let early: string[] = [];
    parser[HTTPParser.kOnHeaders] = (fields: string[]): void => {
      const present = this.messages.at(-1);
      if (present === undefined || present.whole) early = [...early, ...fields];
      else present.trailers.push(...fields);
    };
    parser[HTTPParser.kOnHeadersComplete] = (...facts: unknown[]): number => {
      const [, minorVersion, fields, , , status] = facts as [
        number,
        number,
        string[] | undefined,
        0,
        0,
        number,
      ];
      const all = [...early, ...(fields ?? [])];
      this.messages.push({ minorVersion, status, fields: all, trailers: [], body: "", whole: false });
      early = [];
      return method === "HEAD" ? 1 : 0;
    };
    parser[HTTPParser.kOnBody] = (bytes: Buffer): void => {
      this.messages.at(-1)!.body += bytes.toString("latin1");
    };
    parser[HTTPParser.kOnMessageComplete] = (): void => {
      this.messages.at(-1)!.whole = true;
    };
  }

  feed(bytes: Uint8Array): this {
    if (this.refusal !== undefined) return this;
    return this.#note(this.#parser.execute(bytes, 0, bytes.length));
  }

  end(): this {
    return this.refusal === undefined ? this.#note(this.#parser.finish()) : this;
  }

  close(): void {
    this.#parser.close();
  }

  #note(outcome: number | Error | undefined): this {
    if (outcome instanceof Error) this.refusal = outcome.message;
    return this;
  }
}
