import {
  ClientClosed,
  HandlerError,
  InvalidOption,
  isSkeinError,
  type SkeinError,
} from "../../core/errors.ts";
import type { IncomingBody } from "../../core/incoming-body.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import { Response } from "../../core/response.ts";
import type { Transport } from "../../core/service.ts";
import { CallWatch, WITHOUT_SOCKETS } from "../web/call-watch.ts";
import { ArrivedBody, PulledBody, type PullSource } from "../web/pulled-body.ts";
import { webClock } from "../web/web-clock.ts";
import { fromWebResponse, type WebResponse } from "../web/web-response.ts";
import {
  encodeChunk,
  failureError,
  type MockAnswer,
  type PreparedReply,
  prepareReply,
} from "./mock-reply.ts";
import { MockRequest, readRequestBody } from "./mock-request.ts";

/** Answers one request. What it throws fails the call: an error of Skein's as it is, any other as HandlerError. */
export type MockHandler = (request: MockRequest) => MockAnswer | Promise<MockAnswer>;

export interface MockTransport extends Transport {
  /** Every request that came, oldest first, retries and redirects included. */
  readonly requests: readonly MockRequest[];
}

/**
 * Answers in the place of a network: by a function of the request, or by a list of answers in turn. Everything above the
 * connections stays real: retries, redirects, decoding, timeouts, errors.
 *
 * @throws (its calls reject with) InvalidOption when an answer is none, or the list is used up
 * @example
 * const transport = mockTransport(request => ({ status: 200, json: { path: request.path } }));
 * const client = new Client({ transport });
 * await client.get("https://api.example.com/users").json(); // { path: "/users" }
 * transport.requests.length; // 1
 */
export function mockTransport(answers: MockHandler | readonly MockAnswer[]): MockTransport {
  if (typeof answers === "function") return new ScriptedTransport(answers);
  if (!Array.isArray(answers))
    throw new InvalidOption("mockTransport: expected a function or a list of answers");
  const left = [...answers];
  return new ScriptedTransport(request => {
    const next = left.shift();
    if (next === undefined) throw new InvalidOption(`mockTransport: no answer is left for ${request}`);
    return next;
  });
}

class ScriptedTransport implements MockTransport {
  readonly unsupported = WITHOUT_SOCKETS;
  readonly requests: MockRequest[] = [];
  readonly #handler: MockHandler;
  #closed = false;

  constructor(handler: MockHandler) {
    this.#handler = handler;
  }

  async send(request: Request, context: RequestContext): Promise<Response> {
    if (this.#closed) throw new ClientClosed();
    const watch = new CallWatch(context, webClock);
    try {
      const answer = await watch.forHead(this.#answer(request, context), true);
      if (isWebResponse(answer)) return fromWebResponse(answer, request, watch);
      return respond(prepareReply(answer), request, watch);
    } catch (error) {
      watch.release();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  async #answer(request: Request, context: RequestContext): Promise<MockAnswer> {
    const seen = new MockRequest(request, await readRequestBody(request), context);
    this.requests.push(seen);
    try {
      return await this.#handler(seen);
    } catch (error) {
      throw isSkeinError(error) ? error : new HandlerError("the mock", error);
    }
  }
}

function isWebResponse(answer: MockAnswer): answer is WebResponse {
  return typeof answer === "object" && answer !== null && "statusText" in answer;
}

function respond(reply: PreparedReply, request: Request, watch: CallWatch): Response {
  const { status, reasonPhrase, headers } = reply;
  const head = { status, reasonPhrase, httpVersion: "1.1", headers };
  return new Response(head, request, bodyFor(reply, request, watch));
}

function bodyFor({ body, failure }: PreparedReply, request: Request, watch: CallWatch): IncomingBody {
  if (failure === undefined && (body instanceof Uint8Array || request.method === "HEAD")) {
    watch.release();
    return new ArrivedBody(request.method === "HEAD" || !(body instanceof Uint8Array) ? undefined : body);
  }
  const chunks = body instanceof Uint8Array ? [body] : body;
  return new PulledBody(chunkSource(chunks, failure && failureError(failure, "body")), watch);
}

type Chunks = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

function chunkSource(chunks: Chunks, failure: SkeinError | undefined): PullSource {
  const iterator =
    Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  return {
    async read() {
      const { done, value } = await iterator.next();
      if (!done) return encodeChunk(value);
      if (failure !== undefined) throw failure;
      return undefined;
    },
    async cancel() {
      await iterator.return?.();
    },
  };
}
