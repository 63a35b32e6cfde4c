/** The rules of a batch's limits, for programs that divide one among several batches. Light, without the client. */

export { TooManyErrors } from "../batch/batch-error.ts";
export { type ErrorLimit, errorLimit } from "../batch/error-limit.ts";
export { LimitsInForce } from "../batch/limits-in-force.ts";
