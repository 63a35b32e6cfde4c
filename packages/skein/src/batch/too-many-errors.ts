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

Object.defineProperty(TooManyErrors.prototype, "name", {
  value: "TooManyErrors",
  writable: true,
  configurable: true,
});
Object.defineProperty(TooManyErrors.prototype, brandOf("TooManyErrors"), { value: true });

/** Whether `value` is a TooManyErrors, also one of another installed copy. */
export function isTooManyErrors(value: unknown): value is TooManyErrors {
  return typeof value === "object" && value !== null && brandOf("TooManyErrors") in value;
}
