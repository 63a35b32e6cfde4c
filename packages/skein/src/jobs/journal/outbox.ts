import type { FoundItems } from "../source/added-item.ts";
import type { DedupeMode } from "../source/deduped-source.ts";
import type { SourcePosition } from "../source/source.ts";
import type { FoundGroup, ListedRequest } from "./added-log.ts";
import { DetailPacker, type ItemDetails } from "./item-details.ts";
import { type BodyFile, type CommitRequest, type GatheredGroup, ROW_WIDTH } from "./journal-protocol.ts";
import { RowBytes } from "./row-bytes.ts";
import type { TimelineSample } from "./timeline-sample.ts";

/** A group is sent off at this many rows, this much text, or this old: whichever comes first. */
const GROUP_ROWS = 500;
const GROUP_CHARACTERS = 1024 * 1024;
const GROUP_MS = 50;
/** Beyond this much that the journal has not taken, `room()` makes wait: memory stays bounded on a slow disk. */
const MAX_UNTAKEN_ROWS = 8_000;
const MAX_UNTAKEN_CHARACTERS = 32 * 1024 * 1024;

/** How an item ended, for the journal and the output. */
export interface ItemRecord {
  readonly line: number;
  readonly key: number;
  readonly state: number;
  /** 0 where there was no answer. */
  readonly status: number;
  readonly error: string | undefined;
}

/** Where groups go. */
export interface OutboxParts {
  /** Where the list is to be read on from, once all that was recorded so far is in the journal. */
  position(): SourcePosition;
  /** Resolves when the group is on the disk. */
  commit(group: CommitRequest, transfer: ArrayBuffer[]): Promise<void>;
  /** Which requests are the same; undefined where answers lead to none. */
  readonly links?: DedupeMode | undefined;
  /** Called once, when the journal takes no more. */
  failed(error: unknown): void;
}

/** Gathers what items leave behind, and hands it to the journal in groups. */
export class Outbox {
  readonly #parts: OutboxParts;
  #rows = new Float64Array(GROUP_ROWS * ROW_WIDTH);
  #used = 0;
  #errorCodes: string[] = [];
  #errorSamples: [string, string][] = [];
  readonly #output = new RowBytes();
  #rejects: string[] = [];
  #files: BodyFile[] = [];
  #released: number[] = [];
  #listed: ListedRequest[] = [];
  #found: FoundItems[] = [];
  readonly #details = new DetailPacker(GROUP_ROWS);
  #samples: TimelineSample[] = [];
  #unvalidated: number[] = [];
  #characters = 0;
  #timer: NodeJS.Timeout | undefined;
  #untakenRows = 0;
  #untakenCharacters = 0;
  #waiting: (() => void)[] = [];
  #hasFailed = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** @param details of an item that has ended, for those who look at the job */
  record(item: ItemRecord, details?: ItemDetails): void {
    const rows = this.#rows;
    const start = this.#used;
    if (details !== undefined) this.#details.add(start / ROW_WIDTH, details);
    rows[start] = item.line;
    rows[start + 1] = item.key;
    rows[start + 2] = item.state;
    rows[start + 3] = item.status;
    rows[start + 4] = item.error === undefined ? 0 : this.#codeOf(item.error);
    this.#used = start + ROW_WIDTH;
    if (this.#used === rows.length || this.#characters >= GROUP_CHARACTERS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), GROUP_MS);
  }

  /** A line of the output; call it before `record`, which may send the group off. */
  write(line: string): void {
    this.#output.write(line);
    this.#characters += line.length;
  }

  writeReject(line: string): void {
    this.#rejects.push(line);
    this.#characters += line.length;
  }

  addFile(file: BodyFile): void {
    this.#files.push(file);
    this.#characters += file.bytes.length;
  }

  /** What the job did of late; it goes along with the next group. */
  addSample(sample: TimelineSample): void {
    this.#samples.push(sample);
    this.#timer ??= setTimeout(() => this.flush(), GROUP_MS);
  }

  /** The next refresh is to ask for a line without conditions; call it before `record`. */
  forgetValidators(line: number): void {
    this.#unvalidated.push(line);
  }

  /** What the answer to an item led to; call it before `record`, as `write`. */
  addFound(found: FoundItems): void {
    this.#found.push(found);
    for (const item of found.items) this.#characters += item.length;
  }

  /** A request of the list, before it is sent: what an answer leads to may be the same. */
  addListed(listed: ListedRequest): void {
    this.#listed.push(listed);
    if (this.#listed.length >= GROUP_ROWS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), GROUP_MS);
  }

  addErrorSample(code: string, message: string): void {
    this.#errorSamples.push([code, message]);
  }

  /** Takes back that an item was about to be sent. */
  release(line: number): void {
    this.#released.push(line);
  }

  /** Undefined when more may be recorded, or nothing will be any more; else what to wait for. */
  room(): Promise<void> | undefined {
    if (this.#hasFailed) return undefined;
    const isFull = this.#untakenRows > MAX_UNTAKEN_ROWS || this.#untakenCharacters > MAX_UNTAKEN_CHARACTERS;
    return isFull ? new Promise(resolve => this.#waiting.push(resolve)) : undefined;
  }

  /** Sends off what has been gathered. Resolves when it is on the disk. */
  flush(complete = false): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const characters = this.#characters;
    this.#characters = 0;
    const group = this.#takeGroup(complete);
    const taken = this.#commit(group, characters);
    const giveBack = () => this.#output.giveBack(group.output);
    taken.then(giveBack, giveBack);
    return taken;
  }

  /** Sends off what answers led to, where there is any. */
  flushFound(): void {
    if (this.#found.length > 0) void this.flush();
  }

  /** A group that another outbox has gathered, after all that was gathered here. Resolves when it is on the disk. */
  pass(group: GatheredGroup): Promise<void> {
    if (this.#timer !== undefined) void this.flush();
    const characters = group.output.length + group.rejects.length;
    return this.#commit({ ...group, position: this.#parts.position(), complete: false }, characters);
  }

  #commit(group: CommitRequest, characters: number): Promise<void> {
    const rows = group.rows.length / ROW_WIDTH;
    this.#untakenRows += rows;
    this.#untakenCharacters += characters;
    const numbers = group.details === undefined ? [] : [group.details.numbers.buffer];
    const files = group.files.map(file => file.bytes.buffer);
    const transfer = [group.rows.buffer, ...numbers, ...files] as ArrayBuffer[];
    const taken = this.#parts.commit(group, transfer).finally(() => {
      this.#untakenRows -= rows;
      this.#untakenCharacters -= characters;
      this.#wake();
    });
    taken.catch(error => this.#fail(error));
    return taken;
  }

  /** Sends nothing more by itself. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #takeGroup(complete: boolean) {
    const group = {
      rows: this.#used === this.#rows.length ? this.#rows : this.#rows.slice(0, this.#used),
      errorCodes: this.#errorCodes,
      errorSamples: this.#errorSamples,
      output: this.#output.take(),
      rejects: this.#rejects.join(""),
      files: this.#files,
      details: this.#details.take(),
      samples: this.#samples,
      unvalidated: this.#unvalidated,
      released: this.#released,
      links: this.#takeLinks(),
      position: this.#parts.position(),
      complete,
    } satisfies CommitRequest;
    if (group.rows === this.#rows) this.#rows = new Float64Array(GROUP_ROWS * ROW_WIDTH);
    this.#used = 0;
    this.#errorCodes = [];
    this.#errorSamples = [];
    this.#rejects = [];
    this.#files = [];
    this.#samples = [];
    this.#unvalidated = [];
    this.#released = [];
    return group;
  }

  #takeLinks(): FoundGroup | undefined {
    const mode = this.#parts.links;
    if (mode === undefined) return undefined;
    const links = { mode, listed: this.#listed, found: this.#found };
    this.#listed = [];
    this.#found = [];
    return links;
  }

  #codeOf(error: string): number {
    const known = this.#errorCodes.indexOf(error);
    return known >= 0 ? known + 1 : this.#errorCodes.push(error);
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.stop();
    this.#parts.failed(error);
  }
}
