import { isSkeinError, ReadError } from "../../core/errors.ts";
import { Headers } from "../../core/headers.ts";
import type { Request } from "../../core/request.ts";
import { Response } from "../../core/response.ts";
import type { CallWatch } from "./call-watch.ts";
import { ArrivedBody, PulledBody, type PullSource } from "./pulled-body.ts";

/** What is used of the platform's Response; also of another copy's. */
export interface WebResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Iterable<[string, string]>;
  readonly body: ReadableStream<Uint8Array> | null;
}

/** A response of the platform's as one of ours; its body stays where it is until it is read. */
export function fromWebResponse(response: WebResponse, request: Request, watch: CallWatch): Response {
  const head = {
    status: response.status,
    reasonPhrase: response.statusText,
    // The platform does not tell.
    httpVersion: "1.1",
    headers: Headers.from([...response.headers]),
  };
  if (response.body === null) {
    watch.release();
    return new Response(head, request, new ArrivedBody());
  }
  return new Response(head, request, new PulledBody(streamSource(response.body), watch));
}

function streamSource(stream: ReadableStream<Uint8Array>): PullSource {
  const reader = stream.getReader();
  return {
    async read() {
      try {
        return (await reader.read()).value;
      } catch (cause) {
        if (isSkeinError(cause)) throw cause;
        const reason = `the answer was cut off: ${cause instanceof Error ? cause.message : String(cause)}`;
        throw new ReadError("BODY_CUT", reason, { cause, phase: "body", requestSent: "full" });
      }
    },
    // A stream that failed already says so again; nobody needs to hear it twice.
    cancel: reason => void reader.cancel(reason).catch(() => undefined),
  };
}
