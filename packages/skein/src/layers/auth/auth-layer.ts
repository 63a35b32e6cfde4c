import type { Auth, AuthFlow } from "../../core/auth.ts";
import type { Clock } from "../../core/clock.ts";
import { AbortError, HandlerError, InvalidOption, isSkeinError, TotalTimeout } from "../../core/errors.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Layer, Service } from "../../core/service.ts";
import { discardBody } from "../discard-body.ts";

type Step = IteratorResult<Request, void>;

/** The most of an answer to a flow's own question (a token, say) that is read while the call itself streams. */
const MAX_ANSWER = 1024 * 1024;

/**
 * Runs the call's `Auth` flow. It stands inside redirect, and compares each hop with the origin where the call began:
 * credentials go nowhere else, whatever a redirect says. A request that already has an authorization field keeps it,
 * unless the auth was given with the very call.
 */
export function authLayer(clock: Clock): Layer {
  return inner => new AuthService(inner, clock);
}

interface Start {
  /** What the flow yielded first. */
  readonly first: Request;
  /** What the call asked for. */
  readonly request: Request;
  readonly context: RequestContext;
}

/** A request that failed, until the flow has been told. */
class Failure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

class AuthService implements Service {
  readonly #inner: Service;
  readonly #clock: Clock;

  constructor(inner: Service, clock: Clock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  send(request: Request, context: RequestContext): Promise<Response> {
    const auth = authFor(request, context);
    return auth === undefined ? this.#inner.send(request, context) : this.#run(auth, request, context);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #run(auth: Auth, request: Request, context: RequestContext): Promise<Response> {
    const flow = await this.#step(() => auth.flow(request), context);
    try {
      const first = await this.#step(() => flow.next(), context);
      if (first.done === true) throw new InvalidOption("auth: its flow ended without yielding a request");
      return await this.#follow(flow, { first: first.value, request, context });
    } catch (error) {
      letGo(flow);
      throw error;
    }
  }

  async #follow(flow: AuthFlow, { first, request, context }: Start): Promise<Response> {
    for (let sent = first; ; ) {
      const outcome = await this.#send(checkYielded(sent), request, context).catch(asFailure);
      const step = await this.#stepAfter(outcome, flow, context);
      if (step.done === true) return orThrow(outcome);
      if (!(outcome instanceof Failure)) await discardBody(outcome, this.#clock);
      context.throwIfCancelled();
      sent = step.value;
    }
  }

  /** A flow is told of a failure too: it may do something about it, and must be able to let go of what it holds. */
  async #stepAfter(outcome: Response | Failure, flow: AuthFlow, context: RequestContext): Promise<Step> {
    if (outcome instanceof Failure) return this.#step(() => flow.throw(outcome.error), context);
    try {
      return await this.#step(() => flow.next(outcome), context);
    } catch (error) {
      if (!outcome.hasContent) outcome.body.cancel("not wanted");
      throw error;
    }
  }

  /** In a call that streams, the flow's own questions are answered whole: it can read no stream. */
  async #send(sent: Request, request: Request, context: RequestContext): Promise<Response> {
    const response = await this.#inner.send(sent, context);
    const isOwnQuestion = sent.url.href !== request.url.href;
    if (isOwnQuestion && !response.hasContent) response.setContent(await response.body.collect(MAX_ANSWER));
    return response;
  }

  /** One step of the user's code: its errors are told apart from ours, and a wait in it can be ended. */
  async #step<T>(run: () => T | Promise<T>, context: RequestContext): Promise<T> {
    try {
      const result = run();
      return result instanceof Promise ? await this.#wait(result, context) : result;
    } catch (error) {
      throw isSkeinError(error) ? error : new HandlerError("the auth flow", error);
    }
  }

  /** What a flow waits for (a token, a file) can be cancelled, and ends with the call's time. */
  #wait<T>(pending: Promise<T>, context: RequestContext): Promise<T> {
    return new Promise((resolve, reject) => {
      const left = context.deadline - this.#clock.now();
      const timer =
        left === Number.POSITIVE_INFINITY
          ? undefined
          : this.#clock.setTimer(() => end(outOfTime()), Math.max(0, left));
      const settle = () => {
        timer?.cancel();
        context.onCancel = undefined;
      };
      const end = (error: unknown) => {
        settle();
        reject(error);
      };
      context.onCancel = reason => end(new AbortError(reason));
      pending.then(value => {
        settle();
        resolve(value);
      }, end);
      if (context.cancelled) end(new AbortError(context.cancelReason));
    });
  }
}

function authFor(request: Request, context: RequestContext): Auth | undefined {
  const given = context.auth;
  if (given === undefined) return undefined;
  const { origin } = request.url;
  // Sent by itself (`response.nextRequest`), it has left its home before this call began.
  if (request.leftFrom !== undefined && !given.isOwn) return undefined;
  // Asked on every hop, so that a call that comes back is known to have been away.
  if (!context.isAtHome(origin)) return undefined;
  if (given.origin !== undefined && given.origin.key !== origin.key) return undefined;
  return given.isOwn || !request.headers.has("authorization") ? given.auth : undefined;
}

function asFailure(error: unknown): Failure {
  return new Failure(error);
}

function orThrow(outcome: Response | Failure): Response {
  if (outcome instanceof Failure) throw outcome.error;
  return outcome;
}

/** Ends a flow where it stands, so that its `finally` runs. */
function letGo(flow: AuthFlow): void {
  // The call has failed already, for a reason of its own: what goes wrong in a flow's clean-up can't be told anymore.
  try {
    Promise.resolve(flow.return()).catch(() => {});
  } catch {}
}

function checkYielded(value: unknown): Request {
  const { method, url, headers } = (value ?? {}) as Partial<Request>;
  if (method === undefined || url === undefined || headers === undefined)
    throw new InvalidOption("auth: its flow yielded something that is not a Request");
  return value as Request;
}

function outOfTime(): TotalTimeout {
  return new TotalTimeout("TOTAL_TIMEOUT", "the total timeout ended while waiting for the credentials", {
    requestSent: "none",
  });
}
