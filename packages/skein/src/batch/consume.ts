import { AbortError, HandlerError } from "../core/errors.ts";
import { requireCount, requireFunction } from "../core/option-names.ts";
import { ownOptions } from "../core/own-options.ts";
import { isTransient } from "../policy/retry.ts";
import type { Batch } from "./batch-options.ts";
import type { ConsumeOptions, ConsumeSummary, Consumption, Messages } from "./consume-options.ts";
import { handlerError } from "./handlers.ts";
import { MessageSource } from "./message-source.ts";
import type { CancelledTask, FailedTask, SettledTask, SucceededTask } from "./task.ts";

const DEFAULT_CONCURRENCY = 50;

/** See `consume` of the entries. */
export function consumeMessages<M, V, R>(
  messages: Messages<M>,
  toRequest: (message: M) => R,
  options: ConsumeOptions<M, V, R>,
): Consumption {
  const consumer = new Consumer(messages, toRequest, ownOptions(options));
  return Object.assign(consumer.run(), {
    drain: () => consumer.drain(),
    cancel: (reason?: unknown) => consumer.cancel(reason),
  });
}

/** A message on its way: told apart from others that look the same. */
interface Held<M> {
  readonly message: M;
}

/**
 * Consumes a queue through a batch. Each message that is taken is in `#held` until the queue was told what became of it;
 * it is acknowledged after `handle`, or given back, and nothing else.
 */
class Consumer<M, V, R> {
  readonly #options: ConsumeOptions<M, V, R>;
  readonly #source: MessageSource<M, Held<M>>;
  readonly #batch: Batch<Held<M>, V>;
  readonly #held = new Set<Held<M>>();
  readonly #finishing = new Set<Promise<void>>();
  readonly #controller = new AbortController();
  readonly #onAbort = () => this.drain();
  #ended: ConsumeSummary["ended"] = "input";
  #failure: { error: unknown } | undefined;
  #taken = 0;
  #acked = 0;
  #nacked = 0;

  constructor(messages: Messages<M>, toRequest: (message: M) => R, options: ConsumeOptions<M, V, R>) {
    const { client, handle, ack, nack, prefetch, signal, ...batch } = options;
    requireFunction(toRequest, "toRequest");
    requireFunction(ack, "ack");
    requireFunction(nack, "nack");
    if (handle !== undefined) requireFunction(handle, "handle");
    const most = requireCount(prefetch ?? 2 * (batch.concurrency ?? DEFAULT_CONCURRENCY), "prefetch", 1);
    this.#options = options;
    this.#source = new MessageSource(messages, {
      hasRoom: () => this.#held.size < most,
      take: message => this.#take(message),
      late: message => this.#giveBackLate(message),
    });
    this.#batch = client.batch<Held<M>, V>(this.#source, {
      ...batch,
      request: held => toRequest(held.message),
    });
    if (signal?.aborted) this.drain();
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  async run(): Promise<ConsumeSummary> {
    try {
      for await (const task of this.#batch) this.#track(this.#settle(task));
    } catch (error) {
      this.#failure ??= { error };
    }
    while (this.#finishing.size > 0) await Promise.all(this.#finishing);
    // Taken in the moment when the batch was stopped: it has not become a task.
    for (const { message } of this.#held) await this.#giveBack(message, notBegun(message));
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    if (this.#failure !== undefined) throw this.#failure.error;
    return { taken: this.#taken, acked: this.#acked, nacked: this.#nacked, ended: this.#ended };
  }

  drain(): void {
    if (this.#ended === "input") this.#ended = "drained";
    this.#stop();
  }

  cancel(reason?: unknown): void {
    this.#ended = "cancelled";
    this.#source.stop();
    this.#batch.cancel(reason);
    this.#controller.abort(reason);
  }

  #stop(): void {
    this.#source.stop();
    this.#batch.drain();
  }

  // ── a message ──

  #take(message: M): Held<M> {
    const held = { message };
    this.#taken += 1;
    this.#held.add(held);
    return held;
  }

  async #settle({ input: held, ...task }: SettledTask<Held<M>, V>): Promise<void> {
    const settled = Object.freeze({ ...task, input: held.message }) as SettledTask<M, V>;
    const ended = settled.state === "succeeded" ? await this.#handle(settled) : settled;
    if (ended.state === "succeeded") {
      if (await this.#tell("ack", () => this.#options.ack(held.message, ended))) this.#acked += 1;
    } else await this.#giveBack(held.message, ended);
    this.#held.delete(held);
    this.#source.wake();
  }

  /** @returns the task, failed or cancelled when its answer was not handled */
  async #handle(task: SucceededTask<M, V>): Promise<SettledTask<M, V>> {
    const { signal } = this.#controller;
    try {
      await this.#options.handle?.(task, signal);
      return task;
    } catch (thrown) {
      if (signal.aborted)
        return {
          ...task,
          state: "cancelled",
          by: "user",
          error: new AbortError(thrown),
          response: undefined,
        };
      const error = handlerError("handle", thrown);
      return { ...task, state: "failed", kind: "handler", error };
    }
  }

  async #giveBack(message: M, task: FailedTask<M> | CancelledTask<M>): Promise<void> {
    const retryable = task.state === "cancelled" || isTransient(task.error);
    const undone = Object.freeze({ ...task, retryable, retryAfterMs: task.error.retryAfterMs });
    if (await this.#tell("nack", () => this.#options.nack(message, undone))) this.#nacked += 1;
  }

  /** It came although the queue was told that no more are wanted. */
  #giveBackLate(message: M): void {
    this.#taken += 1;
    this.#track(this.#giveBack(message, notBegun(message)));
  }

  /** A queue that can't be told has most likely lost its connection: it delivers again, and nothing more is taken. */
  async #tell(what: "ack" | "nack", run: () => unknown): Promise<boolean> {
    try {
      await run();
      return true;
    } catch (thrown) {
      this.#failure ??= { error: new HandlerError(`${what}()`, thrown) };
      this.#stop();
      return false;
    }
  }

  #track(finishing: Promise<void>): void {
    this.#finishing.add(finishing);
    void finishing.then(() => this.#finishing.delete(finishing));
  }
}

function notBegun<M>(message: M): CancelledTask<M> {
  return {
    id: -1,
    input: message,
    state: "cancelled",
    by: "shutdown",
    error: new AbortError("the consumer was stopped"),
    response: undefined,
    attempts: [],
    timings: { queued: 0, waited: 0, served: 0 },
  };
}
