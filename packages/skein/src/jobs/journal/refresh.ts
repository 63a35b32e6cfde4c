// Asking for all items again. New rows go into a second file, `out.jsonl.refresh`, as lines of JSON whatever the output is, and
// count as far as the journal says. When every item has been asked for,
//
//   1. the rows that stay and the new ones are written to a third file, which is synced
//   2. the journal notes that it stands ready, and its length      (from here on, it goes forward only)
//   3. it is renamed to the output
//   4. the journal takes over what the new rows say
//
// so that the output is the former one until the refresh has ended, and the new one at once. Killed before 2, the same command
// goes on with the refresh; killed after, whoever opens the journal goes on at 3 or 4, as in rewrite.ts.

import { JobError } from "../job-error.ts";
import { outputCodec } from "../sink/output-codec.ts";
import { fileError } from "./file-errors.ts";
import type { Files } from "./files.ts";
import { blocksOf, decodedBlocks, finishRewrite, piecesOf, type Rewrite, readyPath } from "./rewrite.ts";
import { pieceBytes } from "./sharded-files.ts";

const LINE_FEED = 0x0a;
/** What a codec packs at once. */
const BLOCK_BYTES = 1024 * 1024;

/** Where the new rows of a refresh stand. */
export function refreshPath(output: string): string {
  return `${output}.refresh`;
}

/** Steps 1 to 4. */
export function endRefresh(rewrite: Rewrite): void {
  const { files, store, output } = rewrite;
  const hasFile = rewrite.kind().format !== "none";
  const bytes = hasFile ? attempt(output, () => writeReady(rewrite)) : 0;
  store.announceRewrite(bytes, []);
  finishRewrite(rewrite);
  files.remove(refreshPath(output));
}

function writeReady(rewrite: Rewrite): number {
  const { files, store, output } = rewrite;
  const ready = new ReadyFile(rewrite);
  const former = files.open(output);
  const fresh = files.open(refreshPath(output));
  try {
    keepStaying(rewrite, former, ready);
    for (const lines of blocksOf(files, fresh, store.refreshBytes)) ready.add(lines);
    return ready.end();
  } finally {
    files.close(former);
    files.close(fresh);
    ready.close();
  }
}

function keepStaying({ files, store, output, kind }: Rewrite, file: number, ready: ReadyFile): void {
  const length = store.sinkOffsets.outputBytes;
  const codec = outputCodec(kind());
  const stays = store.staying();
  const blocks =
    codec === undefined
      ? blocksOf(files, file, length)
      : decodedBlocks({ files, file, length }, () => codec.reader(output, true));
  for (const lines of blocks) ready.add(stayingLines(lines, stays, output));
  if (stays.next().done !== true) throw differs(output);
}

function stayingLines(lines: Buffer, stays: Iterator<boolean>, output: string): Buffer {
  const kept: Buffer[] = [];
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf(LINE_FEED, start) + 1;
    const next = stays.next();
    if (next.done === true) throw differs(output);
    if (next.value) kept.push(lines.subarray(start, end));
    start = end;
  }
  return Buffer.concat(kept);
}

/** The output as it will be. */
class ReadyFile {
  readonly #files: Files;
  readonly #file: number;
  readonly #codec: ReturnType<typeof outputCodec>;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #bytes = 0;

  constructor({ files, output, kind }: Rewrite) {
    this.#files = files;
    this.#codec = outputCodec(kind());
    this.#file = files.open(readyPath(output));
    files.truncate(this.#file, 0);
  }

  add(lines: Buffer): void {
    this.#waiting.push(lines);
    this.#waitingBytes += lines.length;
    if (this.#waitingBytes >= BLOCK_BYTES) this.#write();
  }

  /** How long it is, now that it is on the disk. */
  end(): number {
    this.#write();
    this.#files.sync(this.#file);
    return this.#bytes;
  }

  close(): void {
    this.#files.close(this.#file);
  }

  #write(): void {
    if (this.#waitingBytes === 0) return;
    const lines = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const piece of piecesOf(lines, pieceBytes(this.#files))) {
      const bytes =
        this.#codec === undefined
          ? piece
          : this.#codec.encode(piece.toString(), this.#files.offsetIn(this.#file, this.#bytes));
      this.#files.write(this.#file, bytes, this.#bytes);
      this.#bytes += bytes.length;
    }
  }
}

function differs(output: string): JobError {
  const message = `${output} has another number of rows than the journal knows: it was edited since the job wrote it; put it back, or begin anew`;
  return new JobError("OUTPUT_CHANGED", message, { path: output });
}

function attempt<T>(output: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw fileError(error, `refreshing ${output}`, output);
  }
}
