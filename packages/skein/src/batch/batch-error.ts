import { brandOf, SkeinError } from "../core/errors.ts";

/**
 * More tasks of a batch failed than its `maxErrors` allows: the `cause` of the errors of those that were cancelled for it,
 * and what `batch.stopped` says.
 */
export class TooManyErrors extends SkeinError {
  declare readonly code: "TOO_MANY_ERRORS";
  /** Tasks that had failed by then. */
  readonly failed: number;
  /** Tasks that had succeeded by then. */
  readonly succeeded: number;

  constructor(limit: number | string, counts: { succeeded: number; failed: number }, cause: unknown) {
    const { failed, succeeded } = counts;
    super("TOO_MANY_ERRORS", `${failed} of ${failed + succeeded} tasks failed, maxErrors is ${limit}`, {
      cause,
    });
    this.failed = failed;
    this.succeeded = succeeded;
  }
}

/** A batch that has ended, or was stopped, was given another item. */
export class BatchClosed extends SkeinError {
  declare readonly code: "BATCH_CLOSED";

  constructor(why: "ended" | "stopped") {
    super("BATCH_CLOSED", why === "ended" ? "the batch has ended" : "the batch was stopped");
  }
}

for (const [name, type] of Object.entries({ TooManyErrors, BatchClosed })) {
  Object.defineProperty(type.prototype, "name", { value: name, writable: true, configurable: true });
  Object.defineProperty(type.prototype, brandOf(name as "TooManyErrors" | "BatchClosed"), { value: true });
}

/** Whether `value` is a TooManyErrors, also one of another installed copy. */
export function isTooManyErrors(value: unknown): value is TooManyErrors {
  return typeof value === "object" && value !== null && brandOf("TooManyErrors") in value;
}

/** Whether `value` is a BatchClosed, also one of another installed copy. */
export function isBatchClosed(value: unknown): value is BatchClosed {
  return typeof value === "object" && value !== null && brandOf("BatchClosed") in value;
}
