import {
  DecodingError,
  HandlerError,
  HTTPStatusError,
  ResponseTooLarge,
  type SkeinError,
  TimeoutError,
  TransportError,
} from "../core/errors.ts";
import type { FailureKind } from "./task.ts";

/** What kind of failure an error is, as tasks and summaries sort them. */
export function failureKind(error: SkeinError): FailureKind {
  if (error instanceof HTTPStatusError) return "status";
  if (error instanceof TimeoutError) return "timeout";
  if (error instanceof DecodingError || error instanceof ResponseTooLarge || error.phase === "body")
    return "body";
  if (error instanceof TransportError) return "network";
  return error instanceof HandlerError || error.code.startsWith("INVALID_") ? "handler" : "policy";
}
