import type { DatabaseSync, StatementSync } from "node:sqlite";
import { DETAIL_WIDTH, type PackedDetails, PHASES } from "./item-details.ts";
import { type CommitRequest, ItemState, REFRESH_STATES, ROW_WIDTH } from "./journal-protocol.ts";
import { OriginIds } from "./origin-ids.ts";
import type { TimelineSample } from "./timeline-sample.ts";

const INSERT_RESULT = `
  INSERT INTO results (line, state, status, error, origin, url, message, tries, place, validators, ended_at, attempts, reused, bytes,
    queued_us, waited_us, served_us, queue_us, dns_us, connect_us, proxy_us, tls_us, send_us, wait_us, receive_us)
  VALUES (${Array(25).fill("?").join(", ")})`;

/** As nearly all: it succeeded at once, over a connection that was there. What is left out is NULL, as it would be above. */
const INSERT_PLAIN = `
  INSERT INTO results (line, state, status, origin, url, ended_at, attempts, reused, bytes,
    queued_us, waited_us, served_us, queue_us, send_us, wait_us, receive_us)
  VALUES (${Array(16).fill("?").join(", ")})`;

/** Where the time of a phase stands among the numbers of an item. */
const PHASE_AT = 8;
const [DNS_AT, TLS_AT] = [PHASE_AT + PHASES.indexOf("dns"), PHASE_AT + PHASES.indexOf("tls")];

/** Node 22 binds bytes of no length as NULL. */
const INSERT_SAMPLE = `
  INSERT OR REPLACE INTO timeline
    (at, run, ms, requests, bytes, succeeded, failed, running, waiting, concurrency, latency)
  VALUES (${Array(10).fill("?").join(", ")}, coalesce(?, x''))`;

type Value = string | number | null;

/** Writes down what people want to know of a job; within the transaction of its caller. */
export class ResultLog {
  readonly #database: DatabaseSync;
  readonly #origins: OriginIds;
  #insertResult: StatementSync | undefined;
  #insertPlain: StatementSync | undefined;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#origins = new OriginIds(database);
  }

  /** @param placeOf of a line whose former row stays: where that stands */
  insert(
    { rows, errorCodes, details }: Pick<CommitRequest, "rows" | "errorCodes" | "details">,
    placeOf: (line: number) => number | null,
  ): void {
    if (details === undefined || details.numbers.length === 0) return;
    const { numbers, messages, tries } = details;
    const urls = details.urls.split("\n");
    const validators = details.validators === "" ? [] : details.validators.split("\n");
    this.#insertResult ??= this.#database.prepare(INSERT_RESULT);
    for (let place = 0; place < urls.length; place++) {
      const start = place * DETAIL_WIDTH;
      const row = numbers[start]! * ROW_WIDTH;
      const error = rows[row + 4] === 0 ? null : errorCodes[rows[row + 4]! - 1]!;
      const url = urls[place]!;
      const line = rows[row]!;
      const hasSucceeded = rows[row + 2] === ItemState.succeeded;
      if (hasSucceeded && isPlain(details, place) && (validators[place] ?? "") === "") {
        this.#plain(rows, row, { url, numbers, start });
        continue;
      }
      const [state, keeps] = REFRESH_STATES.get(rows[row + 2]!) ?? [rows[row + 2]!, false];
      this.#insertResult.run(
        ...[line, state, rows[row + 3] || null, error, this.#origins.idOf(url), url],
        ...[
          messages.get(place) ?? null,
          tries.get(place) ?? null,
          keeps ? placeOf(line) : null,
          validators[place] || null,
        ],
        ...orNull(numbers.subarray(start + 1, start + DETAIL_WIDTH)),
      );
    }
  }

  #plain(rows: Float64Array, row: number, { url, numbers, start }: PlainDetails): void {
    this.#insertPlain ??= this.#database.prepare(INSERT_PLAIN);
    const number = (at: number) => {
      const value = numbers[start + at]!;
      return Number.isNaN(value) ? null : value;
    };
    this.#insertPlain.run(
      ...[rows[row]!, rows[row + 2]!, rows[row + 3] || null, this.#origins.idOf(url), url],
      number(1),
      number(2),
      number(3),
      number(4),
      number(5),
      number(6),
      number(7),
      number(PHASE_AT),
      number(TLS_AT + 1),
      number(TLS_AT + 2),
      number(TLS_AT + 3),
    );
  }

  sample({ latency, origins, ...numbers }: TimelineSample): void {
    const { at, run, ms, requests, bytes, succeeded, failed, running, waiting, concurrency } = numbers;
    this.#database
      .prepare(INSERT_SAMPLE)
      .run(at, run, ms, requests, bytes, succeeded, failed, running, waiting, concurrency, latency);
    const insert = this.#database.prepare("INSERT OR REPLACE INTO origin_timeline VALUES (?, ?, ?, ?)");
    for (const of of origins) {
      const origin = this.#origins.idOf(of.origin);
      if (origin !== null) insert.run(origin, at, of.running, of.concurrency);
    }
  }

  /** All is forgotten. */
  clear(): void {
    this.#origins.clear();
    this.#database.exec(
      "DELETE FROM results; DELETE FROM timeline; DELETE FROM origin_timeline; DELETE FROM origins",
    );
  }
}

interface PlainDetails {
  readonly url: string;
  readonly numbers: Float64Array;
  /** Where those of the item begin. */
  readonly start: number;
}

/** Without a message, one attempt, and no connection that was made for it. */
function isPlain({ numbers, messages, tries }: PackedDetails, place: number): boolean {
  if ((messages.size > 0 && messages.has(place)) || (tries.size > 0 && tries.has(place))) return false;
  const start = place * DETAIL_WIDTH;
  for (let at = start + DNS_AT; at <= start + TLS_AT; at++) if (!Number.isNaN(numbers[at]!)) return false;
  return true;
}

function orNull(numbers: Float64Array): Value[] {
  return Array.from(numbers, number => (Number.isNaN(number) ? null : number));
}
