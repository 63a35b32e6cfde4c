import { InvalidOption } from "../core/errors.ts";

/** Below so many ended tasks a share says nothing yet. */
const LEAST_FOR_A_SHARE = 20;

/** Whether too many tasks have failed. */
export type ErrorLimit = (counts: { readonly succeeded: number; readonly failed: number }) => boolean;

/**
 * @param given a number: more than so many; a share such as "5%": more than that of the tasks that succeeded or failed, once
 *   these are 20
 * @throws InvalidOption for anything else
 */
export function errorLimit(given: number | string): ErrorLimit {
  if (typeof given === "number" && Number.isInteger(given) && given >= 0)
    return ({ failed }) => failed > given;
  const share = typeof given === "string" ? Number(/^(\d+(?:\.\d+)?)%$/.exec(given)?.[1]) / 100 : Number.NaN;
  if (!(share < 1)) {
    throw new InvalidOption(
      `maxErrors: expected a whole number of at least 0, or a share such as "5%"; got ${JSON.stringify(given)}`,
    );
  }
  return ({ succeeded, failed }) =>
    succeeded + failed >= LEAST_FOR_A_SHARE && failed > share * (succeeded + failed);
}
