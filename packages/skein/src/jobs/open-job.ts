import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { InvalidOption } from "../entry/node.ts";
import { checkThreads } from "./engine/threads-engine.ts";
import { findsItems } from "./found-items.ts";
import { JobError } from "./job-error.ts";
import type { JobOptions, JobPaths } from "./job-options.ts";
import { jobPaths } from "./job-paths.ts";
import { Journal } from "./journal/journal.ts";
import { ALL_FAILED, ItemState, type OpenedJournal } from "./journal/journal-protocol.ts";
import { RecordedRows } from "./journal/recorded-rows.ts";
import { isSafe } from "./refresh-item.ts";
import { bodyModeOf, outputKindOf, requireSame, type Semantics, semanticsOf } from "./semantics.ts";
import { isSharded } from "./sink/shards.ts";
import { DEDUPE_MODES, dedupedSource } from "./source/deduped-source.ts";
import { checkList } from "./source/known-list.ts";
import { PeekedBlocks } from "./source/peeked-blocks.ts";
import type { SourcePosition } from "./source/source.ts";

const JOURNAL_SUFFIX = ".job.db";

/** A job that has the lock, whose files and list are in order. */
export interface OpenedJob {
  readonly options: JobOptions;
  readonly paths: JobPaths;
  readonly journal: Journal;
  readonly known: OpenedJournal;
  /** Where the list is read on from. */
  readonly position: SourcePosition;
  readonly complete: boolean;
  /** The list from its start, where its first block has been read already. */
  readonly blocks: PeekedBlocks | undefined;
}

/** @throws JobError */
export async function openJob(given: JobOptions): Promise<OpenedJob> {
  const options = withoutDuplicates(given);
  requireShards(options);
  const paths = jobPaths(options.output, bodyModeOf(options));
  const semantics = semanticsOf(options);
  requireLines(options);
  requireSender(options);
  requireRefreshable(options);
  const isNew = options.fresh === true || !existsSync(paths.journal);
  // Before anything is made or thrown away.
  if (isNew) refuseForeignParquet(options, paths);
  if (isNew) refuseSharedRejects(paths);
  const blocks = isNew ? await PeekedBlocks.open(options.source) : undefined;
  const journal = new Journal({ ...paths, output: paths.rows });
  try {
    return { ...(await openJournal(options, semantics, journal)), options, paths, journal, blocks };
  } catch (error) {
    await blocks?.return();
    // What can fail here has failed before, and was told.
    await journal.close().catch(() => undefined);
    throw error;
  }
}

/** What is no log of rows, but was made of one, the journal's thread does not see. */
function refuseForeignParquet({ fresh = false }: JobOptions, { output, rows }: JobPaths): void {
  if (fresh || rows === output || !existsSync(output)) return;
  const message = `${output} exists, and no journal says that a job wrote it`;
  throw new JobError("OUTPUT_NOT_OURS", message, { path: output });
}

/** `out.jsonl`, `out` and `out-{shard}.jsonl` would all have their bad lines in `out.rejects.jsonl`. */
function refuseSharedRejects({ journal, rejects }: JobPaths): void {
  const directory = dirname(journal);
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (!name.endsWith(JOURNAL_SUFFIX) || path === journal) continue;
    const other = jobPaths(path.slice(0, -JOURNAL_SUFFIX.length), "none");
    if (other.rejects !== rejects) continue;
    const message = `${rejects} is where the job of ${other.output} has its rejected lines; choose another name for the output`;
    throw new JobError("FILE_NOT_OURS", message, { path: rejects });
  }
}

function withoutDuplicates(options: JobOptions): JobOptions {
  const { source, dedupe } = options;
  if (dedupe !== undefined && !DEDUPE_MODES.includes(dedupe))
    throw new TypeError(`dedupe: expected ${DEDUPE_MODES.join(" or ")}; got ${String(dedupe)}`);
  return dedupe === undefined ? options : { ...options, source: dedupedSource(source, dedupe) };
}

function requireLines(options: JobOptions): void {
  const { format } = outputKindOf(options);
  if (options.row === undefined || format === "jsonl") return;
  throw new TypeError(`row: an output of the kind "${format}" has rows of its own; choose one of JSON lines`);
}

/** @throws InvalidOption */
function requireShards({ output, outputFormat, shardSize }: JobOptions): void {
  if (!isSharded(output)) {
    if (shardSize === undefined) return;
    throw new InvalidOption(
      `shardSize: expected an output such as "out-{shard}.jsonl"; got ${JSON.stringify(output)}`,
    );
  }
  if (shardSize === undefined || !Number.isSafeInteger(shardSize) || shardSize < 1)
    throw new InvalidOption(
      `shardSize: expected a number of bytes, at least 1, for ${output}; got ${String(shardSize)}`,
    );
  if (output.split("{shard}").length > 2 || dirname(output).includes("{shard}"))
    throw new InvalidOption(
      `output: expected {shard} once, in the name of the file; got ${JSON.stringify(output)}`,
    );
  const { format } = outputKindOf({ output, ...(outputFormat === undefined ? {} : { outputFormat }) });
  if (format === "parquet" || format === "none")
    throw new InvalidOption(`shardSize: an output of the kind "${format}" can't be in many files`);
}

/** @throws InvalidOption */
function requireSender(options: JobOptions): void {
  checkThreads(options);
  const { client, threads } = options;
  if (client === undefined && threads === undefined)
    throw new InvalidOption("client: expected a Client, or threads with a module that gives them");
}

/** @throws InvalidOption */
function requireRefreshable({ refresh = false, fresh, retryFailed, method, ...options }: JobOptions): void {
  if (!refresh) return;
  if (fresh)
    throw new InvalidOption("refresh: fresh forgets what could be asked for again; choose one of them");
  if (retryFailed)
    throw new InvalidOption("refresh: it asks for all items again, retryFailed for some; choose one of them");
  if (findsItems(options))
    throw new InvalidOption("refresh: a job that finds its items in answers can't be refreshed; begin anew");
  if (options.threads !== undefined)
    throw new InvalidOption("refresh: one thread does that; leave out threads");
  if (isSafe({ url: "" }, { method: method ?? "GET" })) return;
  throw new InvalidOption(`refresh: only GET, HEAD and OPTIONS are sent again; the method is ${method}`);
}

/** Compares, checks the list where it may have changed, and only then lets the journal touch a file. */
async function openJournal(options: JobOptions, semantics: Semantics, journal: Journal) {
  const { source, fresh = false, retryFailed = false, refresh = false } = options;
  const found = await journal.call("open", { fresh });
  const isKnown = !fresh && found.job !== undefined;
  if (isKnown) requireSame(JSON.parse(found.job.semantics) as Semantics, semantics, options.output);
  const fingerprint = (await source.fingerprint()) ?? null;
  const isSameList = found.job?.source === source.name && found.job.fingerprint === fingerprint;
  const checked =
    isKnown && source.seekable && !isSameList
      ? await checkList(source, new RecordedRows(journal, 1, found.lastLine))
      : undefined;
  const record = {
    semantics: JSON.stringify(semantics),
    source: source.name,
    fingerprint,
    shardBytes: options.shardSize ?? null,
  };
  const retry = retryFailed ? ALL_FAILED : [];
  const hasMore = checked?.isPending ?? false;
  const known = await journal.call("begin", { record, fresh, retry, refresh, hasMore });
  // Items that are pending again stand anywhere in the list: the journal then says to read it from its start.
  const isRetried = retryFailed && found.rowCounts.some(({ state }) => state === ItemState.failed);
  const isReadAgain = isRetried || known.refreshing;
  const position = checked === undefined || isReadAgain ? known.position : checked.position;
  const complete =
    checked === undefined
      ? known.complete && source.seekable
      : !checked.isPending && !isReadAgain && !known.added.isPending;
  return { known, position, complete };
}
