import type { Headers } from "../../core/headers.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";

/** One request that reached a mock transport: what would have gone over the wire, with its body read. */
export class MockRequest {
  readonly method: string;
  /** The whole URL, with query, without credentials. */
  readonly url: string;
  /** The URL's path, without query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Which try of its call it was, from 1. */
  readonly attempt: number;

  constructor(request: Request, body: Uint8Array, context: RequestContext) {
    this.method = request.method;
    this.url = request.url.href;
    this.path = request.url.target.split("?", 1)[0]!;
    this.headers = request.headers;
    this.body = body;
    this.attempt = context.attempt;
  }

  /** The URL's query. */
  get params(): URLSearchParams {
    return new URL(this.url).searchParams;
  }

  text(): string {
    return new TextDecoder().decode(this.body);
  }

  /** @throws SyntaxError when the body is not JSON */
  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T;
  }

  toString(): string {
    return `${this.method} ${this.url}`;
  }
}

/** The body of a request, in memory. */
export async function readRequestBody({ body }: Request): Promise<Uint8Array> {
  const source = body?.open();
  if (source === undefined) return new Uint8Array(0);
  if (source instanceof Uint8Array) return source;
  const parts: BlobPart[] = [];
  for await (const chunk of source) parts.push(chunk as Uint8Array<ArrayBuffer>);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
