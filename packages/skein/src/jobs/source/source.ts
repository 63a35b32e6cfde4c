import type { FormerAnswer } from "../refresh-item.ts";

/** A request as an item of a list gives it; what it leaves out is the job's. */
export interface JobRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The content, as text. */
  readonly body?: string;
}

/** A place in a source, to go on from: everything before `offset` was read, and that was `line` lines. */
export interface SourcePosition {
  readonly offset: number;
  readonly line: number;
}

/** An item of a list. */
export interface SourceItem {
  readonly kind: "item";
  /** Its line in the list, from 1. This is what makes it one item: the same request on another line is another. */
  readonly line: number;
  /** Where the next line begins. */
  readonly nextOffset: number;
  /** What the user calls it; else its line. Not checked for being unique. */
  readonly id?: string | number;
  readonly request: JobRequest;
  /** A hash of the request as the line gives it: a list that was edited is recognised by it. */
  readonly key: number;
  /** Anything; it comes back in the output. */
  readonly meta?: unknown;
  /** Of an item that an answer led to: how many answers led here, one after the other. Left out for the items of the list. */
  readonly depth?: number;
  /** Where a refresh asks for it again. */
  readonly former?: FormerAnswer;
}

/** A line that is no request. */
export interface RejectedLine {
  readonly kind: "rejected";
  readonly line: number;
  readonly nextOffset: number;
  readonly reason: string;
  /** The line, cut at 200 characters, credentials redacted. */
  readonly text: string;
  readonly key: number;
}

export type SourceLine = SourceItem | RejectedLine;

/** Where the items of a job come from. It must give the same lines each time it is read; new ones come at its end. */
export interface Source {
  /** For messages and the journal: the path, or `<arguments>`. */
  readonly name: string;
  /** Whether `blocks` may be called more than once, from any position that it gave. */
  readonly seekable: boolean;
  /** Lines in blocks, from a position on. Comments and blank lines are left out. */
  blocks(from: SourcePosition): AsyncIterable<readonly SourceLine[]>;
  /** About how many lines `blocks` gives from the start; undefined when only reading tells. */
  count(): Promise<number | undefined>;
  /** Changes whenever the content may have changed; undefined when only reading tells. */
  fingerprint(): Promise<string | undefined>;
}
