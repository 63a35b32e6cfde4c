import { HTTPError, LocalProtocolError, type SkeinError } from "../core/errors.ts";

/** A mistake in the program is no failure that a default value could stand for; nor is a call that nobody wants. */
export function isForFallback(error: SkeinError): boolean {
  return error instanceof HTTPError && !(error instanceof LocalProtocolError);
}
