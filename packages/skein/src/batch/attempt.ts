import { isSkeinError, type SkeinError } from "../core/errors.ts";
import type { RequestContext } from "../core/request-context.ts";
import type { Response } from "../core/response.ts";
import { parseRetryAfter } from "../core/retry-after.ts";
import { isThrottle } from "../policy/cool-down.ts";
import { rateLimitFacts } from "../policy/rate-limit-fields.ts";
import { type AfterAttempt, refusalToWait, type Wait, waitAfterFailure } from "./after-attempt.ts";
import { loadOf } from "./attempt-load.ts";
import type { BatchBase } from "./batch-base.ts";
import type { BatchMeter } from "./batch-meter.ts";
import type { BatchOptions } from "./batch-options.ts";
import type { BatchSettings } from "./batch-settings.ts";
import { callNow, handlerError } from "./handlers.ts";
import { failsHeldBack, heldBack } from "./held-back.ts";
import type { OriginScheduler } from "./scheduler/origin-scheduler.ts";
import { contextOf } from "./task-deadline.ts";
import { type Stop, sizeOf, type TaskRecord } from "./task-record.ts";

/** What can become of a task by its attempt. */
interface AttemptEndings<I, V> {
  succeed(task: TaskRecord<I>, value: V, response: Response): void;
  fail(task: TaskRecord<I>, error: SkeinError, response?: Response): void;
  /** It was stopped, and the attempt ended by that. */
  cancelled(task: TaskRecord<I>, stop: Stop, error: SkeinError): void;
  /** There will be another attempt. */
  wait(task: TaskRecord<I>, wait: Wait): void;
  /** Nothing of the attempt is under way any more, the caller's `parse` included. */
  over(task: TaskRecord<I>): void;
}

interface AttemptParts<I, V, R> {
  readonly base: BatchBase<R>;
  readonly settings: BatchSettings;
  readonly parse: BatchOptions<I, V, R>["parse"];
  readonly scheduler: OriginScheduler<TaskRecord<I>>;
  readonly meter: BatchMeter;
  readonly endings: AttemptEndings<I, V>;
}

/** One attempt after the other of a batch's tasks: sends it, and sees what its end means for the task and its origin. */
export class Attempts<I, V, R> {
  readonly #parts: AttemptParts<I, V, R>;

  constructor(parts: AttemptParts<I, V, R>) {
    this.#parts = parts;
  }

  start(task: TaskRecord<I>, now: number): void {
    task.start(now);
    const context = contextOf(task, this.#parts.settings.call, now);
    task.context = context;
    void this.#run(task, context);
  }

  async #run(task: TaskRecord<I>, context: RequestContext): Promise<void> {
    const { base, endings } = this.#parts;
    let response: Response | undefined;
    let error: SkeinError | undefined;
    try {
      response = await base.service.send(task.request!, context);
      if (context.reading !== undefined) response.readAs(context.reading);
      if (context.traceFailure !== undefined) throw context.traceFailure;
    } catch (thrown) {
      const call = { request: task.request, elapsed: 0, attempts: 1, context };
      const completed = base.complete(thrown, call);
      error = completed instanceof Promise ? await completed : completed;
    }
    task.context = undefined;
    const now = base.clock.now();
    const held = error && heldBack(error, now);
    if (held === undefined) this.#note(task, { response, error, now });
    else this.#parts.scheduler.release(task);
    if (held !== undefined) this.#afterHold(task, error!, { ...held, now });
    else if (response === undefined) this.#afterError(task, error!, now);
    else await this.#afterResponse(task, response, now);
    // Not before: what a slow `parse` holds is as much in memory as what is in flight.
    endings.over(task);
  }

  #note(
    task: TaskRecord<I>,
    end: { response: Response | undefined; error: SkeinError | undefined; now: number },
  ): void {
    const { base, scheduler, meter } = this.#parts;
    const ms = task.attemptMs(end.now);
    scheduler.release(task, loadOf({ ...end, ms }));
    meter.attemptEnded(end.now, ms);
    task.heldSince = undefined;
    const { response, error } = end;
    task.record(end.now, { wallNow: base.clock.wallNow(), response, error });
  }

  async #afterResponse(task: TaskRecord<I>, response: Response, now: number): Promise<void> {
    const { base, settings, scheduler, meter, endings } = this.#parts;
    meter.bytes += sizeOf(response);
    const asked = response.status < 400 ? null : response.headers.get("retry-after");
    const retryAfterMs = parseRetryAfter(asked, base.clock.wallNow());
    if (isThrottle(response.status, retryAfterMs)) return this.#throttled(task, response, retryAfterMs);
    scheduler.answered(task.origin);
    const accepted = callNow("accept", () => settings.accept(response.status));
    if (task.state !== "running") return;
    if (isSkeinError(accepted)) return endings.fail(task, accepted, response);
    if (!accepted) {
      task.counted += 1;
      return this.#retryOrFail(task, response.toStatusError(), { response, retryAfterMs, now });
    }
    await this.#parse(task, response);
  }

  async #parse(task: TaskRecord<I>, response: Response): Promise<void> {
    const { parse, endings } = this.#parts;
    if (parse === undefined) return endings.succeed(task, response as unknown as V, response);
    let parsed: { value: V } | SkeinError;
    try {
      parsed = { value: await parse(response) };
    } catch (thrown) {
      parsed = handlerError("parse", thrown);
    }
    // Cancelled meanwhile: it has settled.
    if (task.state !== "running") return;
    if (isSkeinError(parsed)) endings.fail(task, parsed, response);
    else endings.succeed(task, parsed.value, response);
  }

  /** Nothing was sent, by a policy of the client: that was no attempt. */
  #afterHold(task: TaskRecord<I>, error: SkeinError, { until, why, now }: Wait & { now: number }): void {
    const { endings, scheduler } = this.#parts;
    if (task.stop !== undefined) return endings.cancelled(task, task.stop, error);
    task.owesNothing();
    task.heldSince ??= now;
    const { deadline, heldSince: since } = task;
    if (failsHeldBack(error, { until, deadline, since, now })) return endings.fail(task, error);
    if (why === "circuit open") scheduler.rest(task.origin, until);
    endings.wait(task, { until, why });
  }

  #afterError(task: TaskRecord<I>, error: SkeinError, now: number): void {
    const { stop } = task;
    if (stop !== undefined) return this.#parts.endings.cancelled(task, stop, error);
    task.counted += 1;
    this.#retryOrFail(task, error, { response: undefined, retryAfterMs: undefined, now });
  }

  #retryOrFail(task: TaskRecord<I>, error: SkeinError, after: AfterAttempt): void {
    const { base, settings, endings } = this.#parts;
    const wait = waitAfterFailure(task, error, { ...after, rules: settings, random: base.clock.random() });
    if (wait === undefined) return endings.fail(task, error, after.response);
    if (!settings.call.policies.spendsBudget) task.owesNothing();
    endings.wait(task, wait);
  }

  /** The whole origin is left alone; the attempt does not count. */
  #throttled(task: TaskRecord<I>, response: Response, retryAfterMs: number | undefined): void {
    const { base, settings, scheduler, endings } = this.#parts;
    const { clock } = base;
    const { quota, resetMs } = rateLimitFacts(response.headers, clock.wallNow());
    const until = scheduler.throttle(task.origin, {
      now: clock.now(),
      retryAfterMs: retryAfterMs ?? resetMs,
      random: clock.random(),
      isTooMany: response.status === 429,
      quota,
    });
    const refusal = refusalToWait(task, response, { until, rules: settings });
    task.owesNothing();
    if (refusal === undefined) endings.wait(task, { until: until!, why: "origin cooling" });
    else endings.fail(task, refusal, response);
  }
}
