import { withoutUserinfo } from "../core/redact-url.ts";
import type { Response, SettledTask } from "../entry/node.ts";
import type { ThreadGroup } from "./engine/thread-protocol.ts";
import type { FeedBook } from "./feed.ts";
import { foundItems } from "./found-items.ts";
import type { JobOptions } from "./job-options.ts";
import type { ItemDetails } from "./journal/item-details.ts";
import { ItemState, REFRESH_STATES, ROW_WIDTH } from "./journal/journal-protocol.ts";
import type { Outbox } from "./journal/outbox.ts";
import type { RecordedRow } from "./journal/recorded-rows.ts";
import { isUnchanged, validatorsOf } from "./refresh-item.ts";
import { INTERRUPTED } from "./sink/row.ts";
import type { Rows } from "./sink/warc-rows.ts";
import { addedName } from "./source/added-item.ts";
import type { PendingItem } from "./source/pending-item.ts";
import type { RejectedLine, SourceItem } from "./source/source.ts";
import type { Tally } from "./tally.ts";

const UNKNOWN_ERROR = { code: "INTERRUPTED", message: INTERRUPTED };

export interface LedgerParts {
  readonly rows: Rows;
  readonly tally: Tally;
  /** Finds what answers lead to. */
  readonly add?: JobOptions["add"];
  /** Whether answers lead to more items: here, or in the threads that send. */
  readonly hasFound?: boolean;
  /** Whether 304 is a success by itself: a refresh has its engine take it for one. */
  readonly acceptsNotModified?: boolean;
}

/** Writes down how each line of the list ended: its row of the output, its record in the journal, its place in the counts. */
export class Ledger implements FeedBook {
  readonly #outbox: Outbox;
  readonly #rows: Rows;
  readonly #tally: Tally;
  readonly #add: JobOptions["add"];
  readonly #hasFound: boolean;
  readonly #acceptsNotModified: boolean;

  constructor(
    outbox: Outbox,
    { rows, tally, add, hasFound = false, acceptsNotModified = false }: LedgerParts,
  ) {
    this.#hasFound = hasFound;
    this.#acceptsNotModified = acceptsNotModified;
    this.#outbox = outbox;
    this.#rows = rows;
    this.#tally = tally;
    this.#add = add;
  }

  /** A task that succeeded or failed. */
  settled({ item }: PendingItem, task: SettledTask<unknown, unknown>): void {
    if (item.former !== undefined) this.#askedAgain(item, task);
    else this.#ended(item, task, task.state === "succeeded" ? ItemState.succeeded : ItemState.failed);
  }

  /** An item of a refresh. Without conditions, 304 is an answer as any other: one that is refused, mostly. */
  #askedAgain(item: SourceItem, given: SettledTask<unknown, unknown>): void {
    const { response } = given;
    if (response !== undefined && isUnchanged(item, response as Response)) {
      return this.#ended(item, given, ItemState.unchanged);
    }
    const task = this.#acceptsNotModified ? given : refusedNotModified(given);
    if (task.state === "succeeded") return this.#ended(item, task, ItemState.succeeded);
    // Answered by conditions that are not about what answered: the next refresh asks without.
    if (response?.status === 304) this.#outbox.forgetValidators(item.line);
    this.#ended(item, task, item.former!.hasSucceeded ? ItemState.stale : ItemState.failed);
  }

  #ended(item: SourceItem, task: SettledTask<unknown, unknown>, state: number): void {
    const { error, response } = task;
    const keeps = REFRESH_STATES.get(state)?.[1] === true;
    // First: a program's own row may fail, and what finds items too; then the item has not ended.
    const row = keeps ? "" : this.#rows.settled(item, task);
    const found = this.#add === undefined ? undefined : foundItems(this.#add, item, task);
    if (this.#tally.add(task)) this.#outbox.addErrorSample(error!.code, error!.message);
    if (state === ItemState.unchanged) this.#tally.unchanged++;
    if (!keeps) this.#outbox.write(row);
    if (found !== undefined) this.#outbox.addFound(found);
    this.#outbox.record(
      { line: item.line, key: item.key, state, status: response?.status ?? 0, error: error?.code },
      detailsOf(item, task),
    );
  }

  /** Tasks that another thread has written down. Resolves when they are on the disk. */
  passed({ commit, served }: ThreadGroup): Promise<void> {
    const { rows, errorCodes, errorSamples } = commit;
    const samples = new Map(errorSamples);
    served.forEach((ms, index) => {
      const [state, status, error] = rows.subarray(index * ROW_WIDTH + 2, (index + 1) * ROW_WIDTH);
      const code = errorCodes[error! - 1];
      this.#tally.addEnded({
        hasSucceeded: state === ItemState.succeeded,
        status: status!,
        error: code === undefined ? undefined : { code, message: samples.get(code) ?? "" },
        served: ms,
      });
    });
    return this.#outbox.pass(commit);
  }

  listed({ line, request }: SourceItem): void {
    if (this.#hasFound) this.#outbox.addListed({ line, request });
  }

  unknown(item: SourceItem): void {
    const { code, message } = UNKNOWN_ERROR;
    if (this.#tally.addUnknown(UNKNOWN_ERROR)) this.#outbox.addErrorSample(code, message);
    this.#outbox.write(this.#rows.unknown(item));
    const details = { url: withoutUserinfo(item.request.url), endedAt: Date.now(), message };
    this.#outbox.record({ ...rowOf(item), state: ItemState.unknown, error: code }, details);
  }

  keep(item: SourceItem, { state, status }: RecordedRow): void {
    const means = KEPT_STATES.get(state) ?? ItemState.unchanged;
    this.#tally.addKept(state, status);
    const message = "not safe to repeat, so it was not asked for again";
    const details = { url: withoutUserinfo(item.request.url), endedAt: Date.now(), message };
    this.#outbox.record({ ...rowOf(item), status, state: means, error: undefined }, details);
  }

  reject(line: RejectedLine): void {
    this.#tally.rejected++;
    const { reason, text } = line;
    const place = addedName(line.line) ?? line.line;
    this.#outbox.writeReject(`${JSON.stringify({ v: 1, line: place, reason, text })}\n`);
    const details = { url: text, endedAt: Date.now(), message: reason };
    this.#outbox.record({ ...rowOf(line), state: ItemState.rejected, error: undefined }, details);
  }

  async mark(items: readonly PendingItem[]): Promise<void> {
    for (const { item } of items) {
      this.#outbox.record({ ...rowOf(item), state: ItemState.sent, error: undefined });
    }
    await this.#outbox.flush();
  }

  /** Takes the mark back: the item was not sent after all. */
  release({ item }: PendingItem): void {
    this.#outbox.release(item.line);
  }

  room(): Promise<void> | undefined {
    return this.#outbox.room();
  }
}

/** Of items that ended so, and are not asked for again. */
const KEPT_STATES: ReadonlyMap<number, number> = new Map([
  [ItemState.failed, ItemState.stale],
  [ItemState.unknown, ItemState.leftUnknown],
]);

function refusedNotModified(task: SettledTask<unknown, unknown>): SettledTask<unknown, unknown> {
  if (task.state !== "succeeded" || task.response?.status !== 304) return task;
  return { ...task, state: "failed", kind: "status", error: task.response.toStatusError() };
}

function detailsOf(item: SourceItem, task: SettledTask<unknown, unknown>): ItemDetails {
  const { attempts, timings, response, error } = task;
  return {
    url: withoutUserinfo(item.request.url),
    endedAt: Date.now(),
    message: error?.message,
    validators: task.state === "succeeded" ? validatorsOf(item, response as Response) : undefined,
    attempts,
    timings,
    phases: response?.timings ?? error?.timings,
  };
}

function rowOf({ line, key }: { readonly line: number; readonly key: number }) {
  return { line, key, status: 0 };
}
