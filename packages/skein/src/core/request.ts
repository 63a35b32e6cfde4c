import type { RequestBody } from "./body.ts";
import type { Headers } from "./headers.ts";
import { INSPECT } from "./inspect.ts";
import { ownOptions } from "./own-options.ts";
import { redactUrl } from "./redact-url.ts";
import type { Origin, Url } from "./url.ts";

/** Methods that may be repeated without asking (RFC 9110 §9.2.2, and QUERY). */
const IDEMPOTENT = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "QUERY"]);
const SAFE = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "QUERY"]);

export function isIdempotentMethod(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/** What a request is made of. */
export interface RequestParts {
  readonly method: string;
  readonly url: Url;
  readonly headers: Headers;
  readonly body: RequestBody | undefined;
  readonly extensions?: Extensions | undefined;
  readonly leftFrom?: Origin | undefined;
}

/** What a caller tells the layers and the transport of one request, by names that they agree on. None of it is sent. */
export type Extensions = Readonly<Record<string, unknown>>;

const NO_EXTENSIONS: Extensions = Object.freeze(Object.create(null));

/** A request as it is sent. Immutable: what changes it makes a new one (`with`), so that it can be sent again. */
export class Request {
  readonly method: string;
  readonly url: Url;
  readonly headers: Headers;
  readonly body: RequestBody | undefined;
  /** For layers and the transport: what the caller gave as `extensions`. */
  readonly extensions: Extensions;
  /**
   * Where the call began, once a redirect has led it to another origin: from then on, the client's credentials stay behind
   * for good, wherever it is led.
   */
  readonly leftFrom: Origin | undefined;

  constructor(parts: RequestParts) {
    this.method = parts.method;
    this.url = parts.url;
    this.headers = parts.headers;
    this.body = parts.body;
    this.extensions = (Object.hasOwn(parts, "extensions") && parts.extensions) || NO_EXTENSIONS;
    this.leftFrom = Object.hasOwn(parts, "leftFrom") ? parts.leftFrom : undefined;
  }

  with(parts: Partial<RequestParts>): Request {
    const changes = ownOptions(parts);
    return new Request({
      method: changes.method ?? this.method,
      url: changes.url ?? this.url,
      headers: changes.headers ?? this.headers,
      body: "body" in changes ? changes.body : this.body,
      extensions: changes.extensions ?? this.extensions,
      leftFrom: "leftFrom" in changes ? changes.leftFrom : this.leftFrom,
    });
  }

  /** Whether it reads only (RFC 9110 §9.2.1). */
  get isSafe(): boolean {
    return SAFE.has(this.method);
  }

  /** Whether sending it twice means no more than sending it once: by its method, or by its Idempotency-Key. */
  get isIdempotent(): boolean {
    return isIdempotentMethod(this.method) || this.headers.has("idempotency-key");
  }

  get isReplayable(): boolean {
    return this.body === undefined || this.body.replayable;
  }

  /** For messages: values in the query that look like credentials are left out. */
  toString(): string {
    return `${this.method} ${redactUrl(this.url.href)}`;
  }

  [INSPECT](): string {
    return `Request ${this}`;
  }
}
