import { dirname } from "node:path";
import { JobError } from "../job-error.ts";
import type { OutputCodec } from "../sink/output-codec.ts";
import { fileError } from "./file-errors.ts";
import type { Files } from "./files.ts";

const LINE_FEED = 0x0a;

/** One buffer for nearly every write: a new one each time would wait for the garbage collector, outside its heap. */
const scratch = Buffer.allocUnsafeSlow(1024 * 1024);

function encode(text: string): Uint8Array {
  // A UTF-16 unit takes three bytes at most.
  return text.length * 3 <= scratch.length ? scratch.subarray(0, scratch.write(text)) : Buffer.from(text);
}

function textOf(lines: string | Uint8Array): string {
  return typeof lines === "string" ? lines : Buffer.from(lines).toString();
}

/** A file of lines that only grows. The journal knows how much of it counts; more than that is cut off on opening. */
export class Sink {
  readonly #files: Files;
  readonly #path: string;
  #file: number | undefined;
  #size: number;
  #isSynced = true;
  readonly #codec: OutputCodec | undefined;
  /** What a codec has not yet seen: it makes one whole of all that is synced at once. */
  #pending: (string | Uint8Array)[] = [];

  /**
   * @param size how much of the file counts, as the journal says
   * @param codec what makes bytes of text; UTF-8 where there is none
   */
  constructor(
    files: Files,
    path: string,
    { size, codec }: { size: number; codec?: OutputCodec | undefined },
  ) {
    this.#files = files;
    this.#path = path;
    this.#size = size;
    this.#codec = codec;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Opens the file, or makes it, and cuts it back.
   *
   * @throws JobError when it holds less than what counts, or something else
   */
  open(): void {
    const found = this.#files.size(this.#path);
    if (found === undefined && this.#files.exists(this.#path)) {
      throw new JobError("OUTPUT_NOT_OURS", `${this.#path} is not a regular file`, { path: this.#path });
    }
    if ((found ?? 0) < this.#size) throw this.#changed(found === undefined ? "gone" : "shorter than it was");
    this.#attempt("opening", () => this.#openAndCut(found));
  }

  /** Appends; it counts only when `sync` has returned and the journal has committed the new size. */
  append(lines: string | Uint8Array): void {
    if (lines.length === 0) return;
    if (this.#file === undefined) this.open();
    if (this.#codec === undefined) this.#write(() => (typeof lines === "string" ? encode(lines) : lines));
    else this.#pending.push(lines);
  }

  #write(bytesOf: () => Uint8Array): void {
    this.#attempt("writing", () => {
      const bytes = bytesOf();
      this.#isSynced = false;
      this.#files.write(this.#file!, bytes, this.#size);
      this.#size += bytes.length;
    });
  }

  /** Returns when all is on the disk; `size` counts all of it then. */
  sync(): void {
    if (this.#pending.length > 0) {
      const text = this.#pending.map(lines => textOf(lines)).join("");
      this.#pending = [];
      this.#write(() => this.#codec!.encode(text, this.#files.offsetIn(this.#file!, this.#size)));
    }
    if (this.#isSynced) return;
    this.#attempt("syncing", () => this.#files.sync(this.#file!));
    this.#isSynced = true;
  }

  close(): void {
    if (this.#file === undefined) return;
    const file = this.#file;
    this.#file = undefined;
    this.#attempt("closing", () => this.#files.close(file));
  }

  #openAndCut(found: number | undefined): void {
    this.#file = this.#files.open(this.#path);
    if (found === undefined) this.#files.syncDirectory(dirname(this.#path));
    if (!this.#looksRight()) throw this.#changed("not what it was");
    if ((found ?? 0) <= this.#size) return;
    this.#files.truncate(this.#file, this.#size);
    this.#files.sync(this.#file);
  }

  /** A cheap sign that this is the file that was written: what it begins with, or the line feed at the end of what counts. */
  #looksRight(): boolean {
    if (this.#size === 0) return true;
    const start = this.#codec?.start;
    if (start !== undefined) {
      const found = Buffer.alloc(start.length);
      return this.#files.read(this.#file!, found, 0) === start.length && found.equals(start);
    }
    const last = new Uint8Array(1);
    return this.#files.read(this.#file!, last, this.#size - 1) === 1 && last[0] === LINE_FEED;
  }

  #changed(how: string): JobError {
    return new JobError(
      "OUTPUT_CHANGED",
      `${this.#path} is ${how}: it was moved or edited since the job wrote it; put it back, or begin anew`,
      { path: this.#path },
    );
  }

  #attempt(doing: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      throw fileError(error, `${doing} ${this.#path}`, this.#path);
    }
  }
}

/** Where nothing is to be written. */
export class NoSink implements Pick<Sink, "size" | "open" | "append" | "sync" | "close"> {
  readonly size = 0;

  open(): void {
    // There is no file.
  }

  append(): void {
    // Nobody wants it.
  }

  sync(): void {
    // Nothing was written.
  }

  close(): void {
    // There is no file.
  }
}
