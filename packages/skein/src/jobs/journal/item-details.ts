import type { Attempt, TaskTimings, Timings } from "../../entry/node.ts";

/** What is known of an item that has ended, for those who look at it later; the job itself does not need it. */
export interface ItemDetails {
  /** Without user name and password; of a bad line, its text. */
  readonly url: string;
  /** Milliseconds since the Unix epoch. */
  readonly endedAt: number;
  /** Of the error, or why the line is no request. */
  readonly message?: string | undefined;
  readonly attempts?: readonly Attempt[] | undefined;
  readonly timings?: TaskTimings | undefined;
  /** What a refresh can ask with: `validatorsText`. */
  readonly validators?: string | undefined;
  /** Of the last attempt. */
  readonly phases?: Timings | undefined;
}

/**
 * Sixteen numbers an item, NaN where there is none: which of the group's rows it is; when it ended; attempts; whether the last
 * of them went over a kept-alive connection (0, 1); bytes; queued, waited, served, and the phases of the last attempt (as in
 * PHASES), all of these in microseconds.
 */
export const DETAIL_WIDTH = 16;

export const PHASES = ["queue", "dns", "connect", "proxy", "tls", "send", "wait", "receive"] as const;

/** Details of some of the rows of a group, in a form that is cheap to hand to another thread. */
export interface PackedDetails {
  readonly numbers: Float64Array;
  /** One a line. */
  readonly urls: string;
  /** One a line, empty for those that have none; empty as a whole where none has any. */
  readonly validators: string;
  /** By place among the details. */
  readonly messages: ReadonlyMap<number, string>;
  /** As JSON, of those that were tried more than once; by place. */
  readonly tries: ReadonlyMap<number, string>;
}

/** A page shows no more of it, and the output has it whole. */
const MOST_OF_A_MESSAGE = 1_000;

export class DetailPacker {
  #numbers: Float64Array;
  #count = 0;
  #urls: string[] = [];
  #validators: string[] = [];
  #hasValidators = false;
  #messages = new Map<number, string>();
  #tries = new Map<number, string>();

  constructor(rows: number) {
    this.#numbers = new Float64Array(rows * DETAIL_WIDTH);
  }

  /** @param row which of the group's rows it is */
  add(row: number, details: ItemDetails): void {
    const { url, message, attempts, validators = "" } = details;
    this.#writeNumbers(row, details);
    if (message !== undefined) this.#messages.set(this.#count, message.slice(0, MOST_OF_A_MESSAGE));
    if (attempts !== undefined && attempts.length > 1) this.#tries.set(this.#count, triesOf(attempts));
    this.#urls.push(url.includes("\n") ? url.replaceAll("\n", " ") : url);
    this.#validators.push(validators);
    if (validators !== "") this.#hasValidators = true;
    this.#count += 1;
  }

  take(): PackedDetails {
    const packed = {
      numbers: this.#numbers.slice(0, this.#count * DETAIL_WIDTH),
      urls: this.#urls.join("\n"),
      validators: this.#hasValidators ? this.#validators.join("\n") : "",
      messages: this.#messages,
      tries: this.#tries,
    };
    this.#count = 0;
    this.#urls = [];
    this.#validators = [];
    this.#hasValidators = false;
    this.#messages = new Map();
    this.#tries = new Map();
    return packed;
  }

  #writeNumbers(row: number, { endedAt, attempts, timings, phases }: ItemDetails): void {
    const numbers = this.#numbers;
    let at = this.#count * DETAIL_WIDTH;
    const last = attempts?.at(-1);
    numbers[at++] = row;
    numbers[at++] = endedAt;
    numbers[at++] = attempts?.length ?? Number.NaN;
    numbers[at++] = last?.reused === undefined ? Number.NaN : Number(last.reused);
    numbers[at++] = last?.bytes ?? Number.NaN;
    numbers[at++] = micros(timings?.queued);
    numbers[at++] = micros(timings?.waited);
    numbers[at++] = micros(timings?.served);
    for (const phase of PHASES) numbers[at++] = micros(phases?.[phase]);
  }
}

function micros(ms: number | undefined): number {
  return ms === undefined ? Number.NaN : Math.round(ms * 1_000);
}

function triesOf(attempts: readonly Attempt[]): string {
  return JSON.stringify(
    attempts.map(({ error, ...attempt }) =>
      error === undefined
        ? attempt
        : { ...attempt, error: { code: error.code, message: error.message.slice(0, MOST_OF_A_MESSAGE) } },
    ),
  );
}
