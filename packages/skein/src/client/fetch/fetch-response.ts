import { AbortError, isSkeinError } from "../../core/errors.ts";
import { Headers } from "../../core/headers.ts";
import type { IncomingBody } from "../../core/incoming-body.ts";
import type { Response } from "../../core/response.ts";
import { HeldContent } from "./held-content.ts";

type WebResponse = globalThis.Response;

/** What `new Response()` can't be told. */
interface Facts {
  readonly url: string;
  readonly redirected: boolean;
  readonly status: number;
  readonly headers: Headers;
  /** The whole body, where it is here already. */
  readonly content: HeldContent | undefined;
}

type FetchResponse = new (body: BodyInit | null, init: ResponseInit, facts: Facts) => WebResponse;

let fetchResponse: FetchResponse | undefined;

/**
 * Made when first used: naming the platform's Response loads its whole fetch. That one makes a stream of each body and a
 * list of all headers, whether they are asked for or not, which takes longer than the rest of a call; here they are made
 * for who asks.
 */
function makeFetchResponse(): FetchResponse {
  return class Response extends globalThis.Response {
    readonly #facts: Facts;
    readonly #content: HeldContent | undefined;
    #headers: globalThis.Headers | undefined;

    constructor(body: BodyInit | null, init: ResponseInit, facts: Facts) {
      super(body, init);
      this.#facts = facts;
      this.#content = facts.content;
      if (facts.status !== init.status)
        Object.defineProperties(this, { status: { value: facts.status }, ok: { value: false } });
    }

    override get url(): string {
      return this.#facts.url;
    }

    override get redirected(): boolean {
      return this.#facts.redirected;
    }

    override get type(): ResponseType {
      return "basic";
    }

    override get headers(): globalThis.Headers {
      this.#headers ??= new globalThis.Headers([...this.#facts.headers]);
      return this.#headers;
    }

    override get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
      return this.#content === undefined ? super.body : this.#content.platform.body;
    }

    override get bodyUsed(): boolean {
      return this.#content?.used ?? super.bodyUsed;
    }

    override text(): Promise<string> {
      return this.#content?.text() ?? super.text();
    }

    override json(): Promise<unknown> {
      return this.#content?.json() ?? super.json();
    }

    override bytes(): Promise<Uint8Array<ArrayBuffer>> {
      return this.#content?.bytes() ?? super.bytes();
    }

    override arrayBuffer(): Promise<ArrayBuffer> {
      return this.#content?.arrayBuffer() ?? super.arrayBuffer();
    }

    override blob(): Promise<Blob> {
      return this.#content?.blob() ?? this.#typed(body => body.blob());
    }

    override formData(): Promise<FormData> {
      return this.#content?.formData() ?? this.#typed(body => body.formData());
    }

    /** For what depends on the content-type: the platform's own Response knows the head that it was made with. */
    async #typed<T>(read: (body: WebResponse) => Promise<T>): Promise<T> {
      return read(new globalThis.Response(super.body, { headers: this.headers }));
    }

    override clone(): WebResponse {
      const facts = { ...this.#facts, headers: Headers.from([...this.headers]) };
      const init = { status: constructible(facts.status), statusText: this.statusText };
      if (this.#content === undefined) return new Response(super.clone().body, init, facts);
      return new Response(null, init, { ...facts, content: this.#content.copy() });
    }
  };
}

/** A status that `new Response()` takes; the property then tells the real one. */
function constructible(status: number): number {
  return status >= 200 && status <= 599 ? status : 200;
}

/** Fetch standard: statuses without a body. */
const NULL_BODY = new Set([101, 103, 204, 205, 304]);

/** The platform's Response to a fetch. */
export function toWebResponse(response: Response): WebResponse {
  fetchResponse ??= makeFetchResponse();
  const { status, reasonPhrase, headers, history, request, body } = response;
  const hasNoBody = request.method === "HEAD" || NULL_BODY.has(status);
  if (hasNoBody) body.cancel("not wanted");
  const bytes = hasNoBody ? undefined : body.complete;
  const content = bytes && new HeldContent(bytes, headers.get("content-type"));
  const stream = hasNoBody || bytes !== undefined ? null : streamOf(body);
  const facts = { url: withoutHash(response.url), redirected: history.length > 0, status, headers, content };
  return new fetchResponse(stream, { status: constructible(status), statusText: reasonPhrase }, facts);
}

/** Fetch standard, "url" of a response: without its fragment. */
function withoutHash(url: string): string {
  const hash = url.indexOf("#");
  return hash < 0 ? url : url.slice(0, hash);
}

/** A stream that nobody holds any more, and nobody has read, would keep its connection for good. */
const abandoned = new FinalizationRegistry<IncomingBody>(body => body.cancel("the response was never read"));

/** Pulls only what its reader asks for: so a slow reader slows the server, and cancelling closes the connection. */
function streamOf(body: IncomingBody): ReadableStream<Uint8Array> {
  const stream = new ReadableStream({
    type: "bytes",
    async pull(controller: ReadableByteStreamController) {
      const chunk = await body.read().catch(error => {
        throw bodyError(error);
      });
      if (chunk !== undefined) return controller.enqueue(ownBuffer(chunk));
      controller.close();
      // A reader with a buffer of its own waits for it to be given back (Streams standard, "byobRequest").
      controller.byobRequest?.respond(0);
    },
    cancel: (reason: unknown) => body.cancel(reason),
  });
  abandoned.register(stream, body);
  return stream;
}

/** A byte stream takes the whole buffer away from its owner, and ours may hold other bodies' bytes as well. */
function ownBuffer(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  return (chunk.byteLength === chunk.buffer.byteLength ? chunk : chunk.slice()) as Uint8Array<ArrayBuffer>;
}

/** What a failed fetch rejects with, and its body fails with: the reason of an abort, or a TypeError (Fetch standard). */
export function fetchError(error: unknown): unknown {
  return error instanceof AbortError ? reasonOf(error) : new TypeError("fetch failed", { cause: error });
}

function bodyError(error: unknown): unknown {
  if (error instanceof AbortError) return reasonOf(error);
  return isSkeinError(error) ? new TypeError("terminated", { cause: error }) : error;
}

function reasonOf({ cause }: AbortError): unknown {
  return cause ?? new DOMException("This operation was aborted", "AbortError");
}
