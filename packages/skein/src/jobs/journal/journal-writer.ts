// The protocol of a durable job. One commit is
//
//   1. bodies that have files of their own: written, synced, renamed
//   2. lines of the output and of the rejects: written and synced
//   3. one transaction: the items' rows, how long the files are now, where in the list to go on
//
// and on opening, the files are cut back to the lengths of the last transaction. So each item has one row and one
// line, or none of them, whatever ended the process in between. A step that fails ends the job: after a failed sync
// nobody knows what is on the disk, so nothing may be built upon it.

import { rmSync } from "node:fs";
import { JobError } from "../job-error.ts";
import { hasCustomRows, recordedKind } from "../semantics.ts";
import { outputCodec } from "../sink/output-codec.ts";
import type { OutputKind } from "../sink/output-kind.ts";
import { isSharded } from "../sink/shards.ts";
import type { AddedItem } from "../source/added-item.ts";
import { BodyFiles } from "./body-files.ts";
import { fileError } from "./file-errors.ts";
import { type Files, nodeFiles } from "./files.ts";
import { JobLock, unlessLocked } from "./job-lock.ts";
import {
  type BeginRequest,
  type CommitRequest,
  type ItemEnding,
  type JournalOperations,
  type JournalPaths,
  NOTHING_RECORDED,
  type OpenedJournal,
  type Validators,
} from "./journal-protocol.ts";
import { JournalStore } from "./journal-store.ts";
import { endRefresh, refreshPath } from "./refresh.ts";
import { discardRewrite, dropLines, finishRewrite, type Rewrite } from "./rewrite.ts";
import { ShardedFiles, shardSizes } from "./sharded-files.ts";
import { NoSink, Sink } from "./sink.ts";

/** What a writer works with; tests put in parts that fail. */
export interface WriterParts {
  readonly files: Files;
  openStore(path: string): JournalStore;
}

const REAL_PARTS: WriterParts = { files: nodeFiles, openStore: path => new JournalStore(path) };

/** As every line of the rejects begins. */
const REJECTS_BEGIN = '{"v":1,"line":';

/** Does what is asked of a journal, step by step and blocking: it lives in a thread of its own. */
export class JournalWriter implements JournalOperations {
  readonly #paths: JournalPaths;
  readonly #parts: WriterParts;
  readonly #files: Files;
  readonly #bodies: BodyFiles;
  #lock: JobLock | undefined;
  #store: JournalStore | undefined;
  #output: Sink | NoSink | undefined;
  #rejects: Sink | undefined;
  #failure: unknown;
  /** What there was when it was opened. */
  #known: OpenedJournal | undefined;

  constructor(paths: JournalPaths, parts: WriterParts = REAL_PARTS) {
    this.#paths = paths;
    this.#parts = parts;
    this.#files = isSharded(paths.output) ? new ShardedFiles(parts.files, paths.output) : parts.files;
    this.#bodies = new BodyFiles(parts.files);
  }

  /** Takes the lock and reads what the journal knows. Finishes what a killed process had begun, and changes nothing else. */
  open({ fresh }: { fresh: boolean }): OpenedJournal {
    if (!fresh && !this.#files.exists(this.#paths.journal)) this.#refuseForeignFiles();
    return this.#attempt(() => {
      this.#lock = JobLock.take(this.#paths);
      this.#store = fresh ? this.#openUsableStore() : this.#openStore();
      if (this.#store.isNew && !fresh) this.#refuseForeignFiles();
      if (this.#store.isNew || fresh || this.#store.sinkOffsets.rejectsBytes === 0) this.#checkRejects();
      if (this.#store.isNew) return NOTHING_RECORDED;
      if (fresh) return this.#store.read();
      this.#knowShards();
      finishRewrite(this.#rewrite);
      this.#known = this.#store.read();
      return this.#known;
    });
  }

  /** Makes the files and the journal agree, from where items can be recorded. */
  begin({ record, fresh, retry, hasMore = false, refresh = false }: BeginRequest): OpenedJournal {
    return this.#attempt(() => {
      const store = this.#store!;
      if (store.isNew) store.create(record);
      else if (fresh) store.replace(record);
      else store.update(record, hasMore);
      this.#knowShards();
      if (fresh) discardRewrite(this.#rewrite);
      const isAskedAgain = refresh && store.isComplete && !store.isRefreshing;
      if (isAskedAgain) store.beginRefresh();
      this.#cutBack();
      const taken = this.#takeBack(retry);
      // Nothing else has changed, and to count ten million items takes half a second.
      const isAsBefore = !fresh && !isAskedAgain && taken === 0;
      if (this.#known !== undefined && isAsBefore)
        return { ...this.#known, complete: store.isComplete, job: record };
      return store.read();
    });
  }

  retry({ endings }: { readonly endings: readonly ItemEnding[] }): number {
    return this.#attempt(() => {
      this.#cutBack();
      return this.#takeBack(endings);
    });
  }

  commit(group: CommitRequest): number {
    return this.commitAll([group]);
  }

  /** Several groups in one transaction: when they come faster than the disk syncs, each sync serves more of them. */
  commitAll(groups: readonly CommitRequest[]): number {
    return this.#attempt(() => {
      const output = this.#output!;
      const rejects = this.#rejects!;
      for (const group of groups) {
        if (group.files.length > 0) this.#bodies.write(group.files);
        output.append(group.output);
        rejects.append(group.rejects);
      }
      output.sync();
      rejects.sync();
      const store = this.#store!;
      const sizes = shardSizes(this.#files);
      store.commit(groups, { outputBytes: output.size, rejectsBytes: rejects.size, shardSizes: sizes });
      if (store.isRefreshing && groups.at(-1)!.complete) this.#endRefresh();
      return store.addedCount;
    });
  }

  added({ after, limit }: { after: number; limit: number }): AddedItem[] {
    return this.#attempt(() => this.#store!.added(after, limit));
  }

  isWritten(): boolean {
    return this.#lock !== undefined;
  }

  list({ fromLine, limit }: { fromLine: number; limit: number }): Float64Array {
    return this.#attempt(() => this.#store!.list(fromLine, limit));
  }

  validators(range: { fromLine: number; toLine: number }): ReadonlyMap<number, Validators> {
    return this.#attempt(() => this.#store!.validators(range));
  }

  #endRefresh(): void {
    this.#output!.close();
    endRefresh(this.#rewrite);
    this.#cutBack();
  }

  /** Gives the lock back. */
  close(): void {
    const [store, lock] = [this.#store, this.#lock];
    this.#store = undefined;
    this.#lock = undefined;
    try {
      this.#output?.close();
      this.#rejects?.close();
      store?.close();
    } finally {
      lock?.release();
    }
  }

  get #rewrite(): Rewrite {
    return {
      files: this.#files,
      store: this.#store!,
      output: this.#paths.output,
      kind: () => this.#kind,
    };
  }

  #openStore(): JournalStore {
    const { journal } = this.#paths;
    return unlessLocked(this.#paths, `opening the journal ${journal}`, () => this.#parts.openStore(journal));
  }

  /** To begin anew, a journal need not be whole. */
  #openUsableStore(): JournalStore {
    try {
      return this.#openStore();
    } catch (error) {
      if ((error as JobError).code !== "JOURNAL_CORRUPT") throw error;
      for (const suffix of ["", "-wal", "-shm"]) rmSync(this.#paths.journal + suffix, { force: true });
      return this.#openStore();
    }
  }

  /** Makes the items that ended so pending again, and answers how many they are. */
  #takeBack(endings: readonly ItemEnding[]): number {
    const count = this.#store!.countOf(endings);
    if (count === 0) return 0;
    if (this.#store!.isRefreshing) throw this.#isBeingRefreshed();
    if (hasCustomRows(this.#store!.semantics)) throw this.#cannotTakeBack();
    this.#output!.close();
    dropLines(this.#rewrite, endings);
    this.#cutBack();
    return count;
  }

  #cannotTakeBack(): JobError {
    const path = this.#paths.output;
    const message = `no item of ${path} can be run again: its rows are a program's own, so that nobody can tell which of them are to leave it; begin anew, or run the failed items as another job`;
    return new JobError("ROWS_NOT_OURS", message, { path });
  }

  #isBeingRefreshed(): JobError {
    const path = this.#paths.output;
    const message = `${path} is being refreshed, which asks for what failed as well: let that end first`;
    return new JobError("CANNOT_REFRESH", message, { path, resumable: true });
  }

  #knowShards(): void {
    if (this.#files instanceof ShardedFiles)
      this.#files.begunAt(this.#store!.shardBytes ?? Number.POSITIVE_INFINITY);
  }

  #cutBack(): void {
    const { outputBytes, rejectsBytes } = this.#store!.sinkOffsets;
    const sizes = this.#store!.shardSizes;
    if (this.#files instanceof ShardedFiles && sizes !== undefined) this.#files.requireSizes(sizes);
    const files = this.#files;
    const kind = this.#kind;
    this.#output =
      kind.format === "none"
        ? new NoSink()
        : new Sink(files, this.#paths.output, { size: outputBytes, codec: outputCodec(kind) });
    this.#output.open();
    if (kind.format !== "none") this.#turnToRefresh();
    this.#rejects = new Sink(files, this.#paths.rejects, { size: rejectsBytes });
    // The first bad line makes the file; most lists have none.
    if (rejectsBytes > 0) this.#rejects.open();
    else files.remove(this.#paths.rejects);
  }

  /** While a refresh lasts, what is written goes beside the output, which stays as it is. */
  #turnToRefresh(): void {
    const files = this.#files;
    const path = refreshPath(this.#paths.output);
    if (!this.#store!.isRefreshing) return files.remove(path);
    this.#output!.close();
    this.#output = new Sink(files, path, { size: this.#store!.refreshBytes });
    this.#output.open();
  }

  /** What the output of the recorded job is. */
  get #kind(): OutputKind {
    return recordedKind(this.#store!.semantics);
  }

  /** Without a journal, nobody knows what these files are: they are not for us to overwrite. */
  #refuseForeignFiles(): void {
    const files = this.#files;
    for (const path of [this.#paths.output, this.#paths.rejects]) {
      const size = files.size(path);
      if (size === 0 || (size === undefined && !files.exists(path))) continue;
      const isOdd = size === undefined && !(files instanceof ShardedFiles);
      const what = isOdd ? "is not a regular file" : "exists, and no journal says that a job wrote it";
      throw new JobError("OUTPUT_NOT_OURS", `${path} ${what}`, { path });
    }
  }

  /**
   * None of it counts, so it is removed: what a killed process had not committed, or a job that is begun anew. Another job may have
   * its output there.
   */
  #checkRejects(): void {
    const { rejects } = this.#paths;
    if ((this.#files.size(rejects) ?? 0) === 0 || beginsWith(this.#files, rejects, REJECTS_BEGIN)) return;
    const message = `${rejects} is where rejected lines go, and holds something else: move it away`;
    throw new JobError("FILE_NOT_OURS", message, { path: rejects });
  }

  #attempt<T>(act: () => T): T {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return act();
    } catch (error) {
      const { journal } = this.#paths;
      this.#failure = fileError(error, `writing the journal ${journal}`, journal);
      throw this.#failure;
    }
  }
}

/** Or a part of it, where a process was killed while it wrote. */
function beginsWith(files: Files, path: string, start: string): boolean {
  const file = files.open(path);
  try {
    const found = Buffer.alloc(start.length);
    return start.startsWith(found.toString("latin1", 0, files.read(file, found, 0)));
  } finally {
    files.close(file);
  }
}
