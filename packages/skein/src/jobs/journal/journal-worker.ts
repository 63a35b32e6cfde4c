// The journal's thread: syncing blocks, and must not block what sends the requests.
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { JobError } from "../job-error.ts";
import type {
  CommitRequest,
  JournalAnswer,
  JournalCall,
  JournalOperation,
  JournalThread,
} from "./journal-protocol.ts";
import { JournalReader } from "./journal-reader.ts";
import { JournalWriter } from "./journal-writer.ts";

/** Groups that wait when a commit begins go along with it, up to this many. */
const MAX_GROUPS = 16;

type Operations = Record<JournalOperation, (request: unknown) => unknown>;

if (parentPort === null) throw new Error("journal-worker is started as a thread by a job");
const { paths, readOnly } = workerData as JournalThread;
serve(parentPort, readOnly ? new JournalReader(paths) : new JournalWriter(paths));

function serve(port: MessagePort, journal: JournalWriter | JournalReader): void {
  port.on("message", (call: JournalCall) => {
    const calls = [call, ...waitingCalls(port, call)];
    for (let i = 0; i < calls.length; ) i += answerNext(calls.slice(i), port, journal);
  });
}

/** After a commit, what else has been sent meanwhile. */
function waitingCalls(port: MessagePort, first: JournalCall): JournalCall[] {
  const calls: JournalCall[] = [];
  if (first.operation !== "commit") return calls;
  while (calls.length < MAX_GROUPS - 1) {
    const waiting = receiveMessageOnPort(port);
    if (waiting === undefined) break;
    calls.push(waiting.message as JournalCall);
  }
  return calls;
}

/** Answers the first call, or all the commits that the calls begin with; returns how many. */
function answerNext(
  calls: readonly JournalCall[],
  port: MessagePort,
  journal: JournalWriter | JournalReader,
): number {
  const groups: CommitRequest[] = [];
  for (const call of calls) {
    if (call.operation !== "commit") break;
    groups.push(call.request);
  }
  const answered = calls.slice(0, Math.max(1, groups.length));
  const commitAll = "commitAll" in journal && groups.length > 0 ? () => journal.commitAll(groups) : undefined;
  const outcome = attempt(commitAll ?? (() => perform(journal, calls[0]!)));
  for (const { id } of answered) port.postMessage({ id, ...outcome } satisfies JournalAnswer);
  return answered.length;
}

function perform(journal: JournalWriter | JournalReader, { operation, request }: JournalCall): unknown {
  return (journal as unknown as Operations)[operation](request);
}

function attempt(act: () => unknown) {
  try {
    return { value: act(), error: undefined };
  } catch (error) {
    const { code, message, resumable, path, cause } = error as JobError;
    return { value: undefined, error: { code, message, resumable, path, cause } };
  }
}
