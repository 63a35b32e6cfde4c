import type { RequestBody } from "../../skein/src/core/body.ts";
import { Headers, type HeadersInit } from "../../skein/src/core/headers.ts";
import type { IncomingBody } from "../../skein/src/core/incoming-body.ts";
import { Request } from "../../skein/src/core/request.ts";
import { type CallEvents, type CallPolicies, RequestContext } from "../../skein/src/core/request-context.ts";
import { Response } from "../../skein/src/core/response.ts";
import type { Service } from "../../skein/src/core/service.ts";
import { parseUrl } from "../../skein/src/core/url.ts";
import { bodyOf } from "./incoming-body.ts";

/** What a test answers with: a status, and whatever else matters to it. */
export interface Answer {
  readonly status: number;
  readonly headers?: HeadersInit;
  readonly body?: IncomingBody;
}

/** One call that reached a scripted service, waiting for the test to answer it. */
export interface InnerCall {
  readonly request: Request;
  readonly context: RequestContext;
  /** `context.attempt` when the call came. */
  readonly attempt: number;
  answer(answer: Answer): Response;
  fail(error: unknown): void;
}

/** The inside of a layer under test: each inner call is answered by hand, in the test's own order. */
export class ScriptedService implements Service {
  readonly calls: InnerCall[] = [];
  closed = false;
  #wake: (() => void) | undefined;

  send(request: Request, context: RequestContext): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.calls.push({
        request,
        context,
        attempt: context.attempt,
        answer(answer) {
          const response = responseOf(request, answer);
          resolve(response);
          return response;
        },
        fail: reject,
      });
      this.#wake?.();
    });
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** The call of this number, from 1; waits until it has come. */
  async call(number: number): Promise<InnerCall> {
    while (this.calls.length < number) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    return this.calls[number - 1]!;
  }
}

/** A response to `request`; its body is empty and has arrived, if nothing else is said. */
export function responseOf(request: Request, answer: Answer): Response {
  const head = {
    status: answer.status,
    reasonPhrase: "",
    httpVersion: "1.1",
    headers: Headers.from(answer.headers),
  };
  return new Response(head, request, answer.body ?? bodyOf([], { arrived: true }));
}

export interface ContextFacts extends Partial<CallPolicies> {
  /** On the clock of the test. Default: none. */
  deadline?: number;
  streaming?: boolean;
  maxResponseBytes?: number;
  priority?: number;
  events?: CallEvents;
}

/** A context without timeouts; 3 attempts, 20 redirects. */
export function contextOf(facts: ContextFacts = {}): RequestContext {
  const none = Number.POSITIVE_INFINITY;
  const context = new RequestContext({
    timeouts: { total: none, connect: none, read: none, write: none, headers: none, pool: none },
    policies: {
      attempts: facts.attempts ?? 3,
      spendsBudget: facts.spendsBudget ?? true,
      maxRedirects: facts.maxRedirects ?? 20,
      downgrade: facts.downgrade ?? false,
    },
    streaming: facts.streaming ?? false,
    maxResponseBytes: facts.maxResponseBytes ?? 2 ** 28,
    raiseForStatus: false,
    defaultEncoding: undefined,
    parseJson: undefined,
    events: facts.events,
    priority: facts.priority,
  });
  context.deadline = facts.deadline ?? none;
  return context;
}

/** A request as a layer gets it: a GET without headers or body, if nothing else is said. */
export function requestOf(url: string, facts: RequestFacts = {}): Request {
  return new Request({
    method: facts.method ?? "GET",
    url: parseUrl(url),
    headers: Headers.from(facts.headers),
    body: facts.body,
  });
}

export interface RequestFacts {
  readonly method?: string;
  readonly headers?: HeadersInit;
  readonly body?: RequestBody | undefined;
}
