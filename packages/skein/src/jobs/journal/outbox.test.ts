import { afterEach, beforeEach, describe, expect, test, vi } from "@skein/testkit";
import { type CommitRequest, ItemState, ROW_WIDTH } from "./journal-protocol.ts";
import { Outbox } from "./outbox.ts";

/** A journal that keeps what it is given, until the test lets it answer. */
class SlowJournal {
  readonly groups: CommitRequest[] = [];
  readonly #answers: PromiseWithResolvers<void>[] = [];

  commit(group: CommitRequest): Promise<void> {
    const answer = Promise.withResolvers<void>();
    this.groups.push(group);
    this.#answers.push(answer);
    return answer.promise;
  }

  take(): void {
    this.#answers.shift()?.resolve();
  }

  fail(error: Error): void {
    this.#answers.shift()?.reject(error);
  }
}

let journal: SlowJournal;
let failures: unknown[];
let outbox: Outbox;

beforeEach(() => {
  vi.useFakeTimers();
  journal = new SlowJournal();
  failures = [];
  const position = () => ({ offset: 7, line: 3 });
  outbox = new Outbox({
    position,
    commit: group => journal.commit(group),
    failed: error => failures.push(error),
  });
});

afterEach(() => {
  vi.useRealTimers();
});

function record(count: number, error?: string): void {
  for (let line = 1; line <= count; line++) {
    outbox.write(`${line}\n`);
    outbox.record({ line, key: line * 2, state: ItemState.succeeded, status: 200, error });
  }
}

const textOf = (group: CommitRequest | undefined) => Buffer.from(group?.output ?? "").toString();

describe("a group is sent off", () => {
  test("at 500 rows", () => {
    record(499);
    expect(journal.groups).toHaveLength(0);
    record(1);
    expect(journal.groups).toHaveLength(1);
    expect(journal.groups[0]?.rows).toHaveLength(500 * ROW_WIDTH);
    expect(textOf(journal.groups[0]).split("\n")).toHaveLength(501);
  });

  test("after 50 ms", () => {
    record(2);
    vi.advanceTimersByTime(49);
    expect(journal.groups).toHaveLength(0);
    vi.advanceTimersByTime(1);
    expect(journal.groups).toMatchObject([{ position: { offset: 7, line: 3 }, complete: false }]);
    expect(textOf(journal.groups[0])).toBe("1\n2\n");
    expect([...(journal.groups[0]?.rows ?? [])]).toEqual([1, 2, 1, 200, 0, 2, 4, 1, 200, 0]);
    vi.advanceTimersByTime(1_000);
    expect(journal.groups).toHaveLength(1);
  });

  test("at a million characters", () => {
    outbox.write("x".repeat(1024 * 1024));
    record(1);
    expect(journal.groups).toHaveLength(1);
  });

  test("when asked, with what there is", () => {
    outbox.release(9);
    outbox.addErrorSample("E", "why");
    void outbox.flush(true);
    expect(journal.groups).toMatchObject([{ released: [9], errorSamples: [["E", "why"]], complete: true }]);
  });
});

test("error codes are named once a group", () => {
  record(2, "READ_TIMEOUT");
  record(1, "DNS_FAILED");
  record(1);
  void outbox.flush();
  expect(journal.groups[0]?.errorCodes).toEqual(["READ_TIMEOUT", "DNS_FAILED"]);
  expect(journal.groups[0]?.rows.filter((_, index) => index % ROW_WIDTH === 4)).toEqual(
    Float64Array.of(1, 1, 2, 0),
  );
});

describe("a journal that is slow", () => {
  test("makes wait, once 8,000 rows are on their way, until it has taken some", async () => {
    record(8_000);
    expect(outbox.room()).toBeUndefined();
    record(500);
    const room = outbox.room();
    expect(room).toBeDefined();
    journal.take();
    await room;
    expect(outbox.room()).toBeUndefined();
  });

  test("makes wait for 32 MiB of text", async () => {
    for (let i = 0; i < 17; i++) {
      outbox.write("x".repeat(2 * 1024 * 1024));
      record(1);
    }
    expect(outbox.room()).toBeDefined();
  });
});

test("a journal that fails is told once, and nobody waits for it", async () => {
  record(9_000);
  const room = outbox.room();
  const failure = new Error("the disk is full");
  journal.fail(failure);
  journal.fail(failure);
  await room;
  await vi.advanceTimersByTimeAsync(0);
  expect(failures).toEqual([failure]);
  expect(outbox.room()).toBeUndefined();
});
