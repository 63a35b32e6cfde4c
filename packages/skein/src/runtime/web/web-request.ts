import type { BodyUse, RequestBody } from "../../core/body.ts";
import { LocalProtocolError } from "../../core/errors.ts";
import type { Request } from "../../core/request.ts";

/** A body as `fetch` and `new Request` take it. */
export type WebBody = Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | undefined;

/** `duplex` is not in every copy of the types. */
export type WebRequestInit = RequestInit & { duplex?: "half" };

/** What the platform's Request is made with. */
export function webRequestInit(request: Request, body: WebBody, signal: AbortSignal): WebRequestInit {
  const init: WebRequestInit = {
    method: request.method,
    headers: webHeaders(request),
    signal,
  };
  if (body === undefined) return init;
  init.body = body as BodyInit;
  if (!(body instanceof Uint8Array)) init.duplex = "half";
  return init;
}

/**
 * The body, streamed where it is a stream; its source is let go of when `signal` aborts, which no fetch does by itself
 * while a read is under way.
 *
 * @throws LocalProtocolError for a GET or HEAD with a body, which no fetch can send
 */
export function webBody({ method, body }: Request, signal: AbortSignal): WebBody {
  if (body === undefined) return undefined;
  if (method === "GET" || method === "HEAD") {
    throw new LocalProtocolError("INVALID_REQUEST", `a ${method} with a body can't be sent by fetch`, {
      requestSent: "none",
    });
  }
  const use: BodyUse = { onAbandon: undefined };
  const source = body.open(use);
  return source instanceof Uint8Array ? (source as Uint8Array<ArrayBuffer>) : streamOf(source, use, signal);
}

/** The whole body: for platforms that don't send streams. */
export async function bufferedBody(body: RequestBody): Promise<Uint8Array<ArrayBuffer>> {
  const source = body.open();
  if (source instanceof Uint8Array) return source as Uint8Array<ArrayBuffer>;
  const parts: BlobPart[] = [];
  for await (const chunk of source) parts.push(chunk as Uint8Array<ArrayBuffer>);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function webHeaders(request: Request): Headers {
  try {
    return new globalThis.Headers([...request.headers]);
  } catch (cause) {
    const reason = `can't be sent: ${(cause as Error).message}`;
    throw new LocalProtocolError("INVALID_REQUEST", reason, { cause, requestSent: "none" });
  }
}

function streamOf(
  source: AsyncIterable<Uint8Array>,
  use: BodyUse,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  signal.addEventListener("abort", () => use.onAbandon?.(), { once: true });
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        use.onAbandon?.();
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
