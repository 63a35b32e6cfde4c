import type { Coding, EndCheck, ZlibStream } from "./codings.ts";
import { corruptBody, cutShort, trailingBytes } from "./decoding-errors.ts";

/** Where bytes come from: a body, or another coding that is taken off first. */
export interface ByteSource {
  read(): Promise<Uint8Array | undefined>;
}

const CHUNK_SIZE = 64 * 1024;

/**
 * Decodes one content coding as it is read. At most one chunk of input is inside at a time, and output is made only
 * while the reader takes it: so memory stays bounded whatever the input grows to, and the work is done off the loop.
 */
export class DecodedStream implements ByteSource {
  readonly #coding: Coding;
  readonly #input: ByteSource;
  readonly #endCheck: EndCheck | undefined;
  #engine: ZlibStream | undefined;
  #fed = 0;
  #feeding = false;
  #inputEnded = false;
  #ended = false;
  #failure: unknown;
  #wake: (() => void) | undefined;

  constructor(coding: Coding, input: ByteSource) {
    this.#coding = coding;
    this.#endCheck = coding.endCheck?.();
    this.#input = input;
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#engine === undefined && this.#failure === undefined) await this.#start();
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#engine === undefined) return undefined;
      const chunk: Uint8Array | null = this.#engine.read();
      // A copy: the engine cuts several chunks from one block of memory, and this one shall be the reader's own.
      if (chunk !== null) return new Uint8Array(chunk);
      if (this.#ended) return this.#finish(this.#engine);
      this.#feed(this.#engine);
      await this.#change();
    }
  }

  /** Stops, and frees the engine; a reader that waits gets `reason`. */
  destroy(reason: unknown): void {
    this.#fail(reason);
  }

  /** Reads as much as tells the format. An input without a byte is an empty body, encoded or not. */
  async #start(): Promise<void> {
    let start: Uint8Array = new Uint8Array(0);
    while (start.length < 2 && !this.#inputEnded) {
      const chunk = await this.#input.read();
      if (chunk === undefined) this.#inputEnded = true;
      else start = start.length === 0 ? chunk : Buffer.concat([start, chunk]);
    }
    if (start.length === 0 || this.#failure !== undefined) return;
    const engine = this.#coding.stream(start, CHUNK_SIZE);
    this.#engine = engine;
    engine.on("readable", () => this.#notify());
    engine.on("end", () => {
      this.#ended = true;
      this.#notify();
    });
    engine.on("error", error => this.#fail(corruptBody(this.#coding.name, error, start)));
    this.#write(engine, start);
    if (this.#inputEnded) engine.end();
  }

  /** Gives the engine the next chunk, once it has done with the one before. */
  async #feed(engine: ZlibStream): Promise<void> {
    if (this.#feeding || this.#inputEnded) return;
    this.#feeding = true;
    try {
      const chunk = await this.#input.read();
      if (this.#failure !== undefined) return;
      if (chunk === undefined) {
        this.#inputEnded = true;
        engine.end();
      } else this.#write(engine, chunk);
    } catch (error) {
      this.#fail(error);
    }
  }

  #write(engine: ZlibStream, chunk: Uint8Array): void {
    this.#feeding = true;
    this.#fed += chunk.length;
    this.#endCheck?.push(chunk);
    engine.write(chunk, () => {
      this.#feeding = false;
      this.#notify();
    });
  }

  #finish(engine: ZlibStream): undefined {
    if (engine.bytesWritten !== this.#fed) throw trailingBytes(this.#coding.name);
    if (this.#endCheck?.isAtEnd === false) throw cutShort(this.#coding.name);
    return undefined;
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#engine?.destroy();
    this.#notify();
  }

  #change(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve;
    });
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
