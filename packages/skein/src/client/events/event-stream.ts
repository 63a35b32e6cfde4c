import type { Clock } from "../../core/clock.ts";
import {
  AbortError,
  isSkeinError,
  RemoteProtocolError,
  ResponseTooLarge,
  StreamConsumed,
} from "../../core/errors.ts";
import { Headers } from "../../core/headers.ts";
import { requireCount } from "../../core/option-names.ts";
import type { Request } from "../../core/request.ts";
import type { Response } from "../../core/response.ts";
import { parseRetryAfter } from "../../core/retry-after.ts";
import { isTransient } from "../../policy/retry.ts";
import type { BodilessOptions } from "../build-request.ts";
import type { BodyOptions } from "../request-body.ts";
import { LineSplitter } from "../stream/line-splitter.ts";
import type { StreamResponse } from "../stream-response.ts";
import { EventParser, type ServerSentEvent } from "./event-parser.ts";

export type EventsOptions = EventStreamOptions &
  Omit<BodilessOptions, "deadline" | "fallback" | "raiseForStatus"> &
  BodyOptions;

interface EventStreamOptions {
  /** Default: GET. */
  method?: string;
  /** Sent as Last-Event-ID with the first request: where an earlier stream has ended. */
  lastEventId?: string;
  /** Whether to connect again when the stream ends or breaks. Default: true for methods that only read. */
  reconnect?: boolean;
  /** Characters of one event. Default: 16 Mi. */
  maxEventLength?: number;
}

/** How the client makes and sends the requests of an event stream. */
export interface EventConnection {
  readonly clock: Clock;
  readonly request: Request;
  readonly signal: AbortSignal | undefined;
  /** `again`: not the first one, so that the stream itself says when it is tried again. */
  connect(request: Request, again: boolean): { response: Promise<StreamResponse>; cancel(): void };
}

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
const MAX_EVENT = 16 * 1024 * 1024;

/**
 * Server-sent events, as they come. It connects when it is first iterated, and again when the connection ends or breaks,
 * naming the last event that it has seen, after the time that the server asks for (1 s where it does not), twice as long
 * after each failure in a row, up to 30 s. It ends when the server answers 204, when the loop is left, and with `close()`.
 *
 * @example
 * for await (const event of client.events("https://example.com/updates")) console.log(event.event, event.data);
 */
export interface EventStream extends AsyncIterable<ServerSentEvent>, AsyncDisposable {
  /** The id of the last event, to go on from with `lastEventId` in another stream. */
  readonly lastEventId: string;
  /** Ends the stream, and with it the loop over it. */
  close(): void;
}

export class ReconnectingEvents implements EventStream {
  readonly #connection: EventConnection;
  readonly #request: Request;
  readonly #parser: EventParser;
  readonly #reconnects: boolean;
  readonly #maxLength: number;
  #state: "new" | "open" | "closed" = "new";
  #iterated = false;
  #stop: (() => void) | undefined;
  #failures = 0;
  /** What a refused connection was told to wait. */
  #retryAfterMs = 0;

  constructor(
    connection: EventConnection,
    options: {
      [K in "headers" | "lastEventId" | "reconnect" | "maxEventLength"]: EventsOptions[K] | undefined;
    },
  ) {
    this.#connection = connection;
    this.#request = withEventHeaders(connection.request, Headers.from(options.headers));
    this.#parser = new EventParser(options.lastEventId ?? "");
    this.#reconnects = options.reconnect ?? connection.request.isSafe;
    this.#maxLength = requireCount(options.maxEventLength ?? MAX_EVENT, "maxEventLength", 1);
  }

  get lastEventId(): string {
    return this.#parser.lastEventId;
  }

  close(): void {
    this.#state = "closed";
    this.#stop?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** @throws StreamConsumed when it is iterated twice; what a request may throw; ResponseTooLarge, RemoteProtocolError */
  async *[Symbol.asyncIterator](): AsyncGenerator<ServerSentEvent, void, undefined> {
    if (this.#iterated) throw new StreamConsumed(`the events of ${this.#request} can be read once only`);
    this.#iterated = true;
    if (this.#state === "new") this.#state = "open";
    try {
      for (let again = false; this.#isOpen; again = true) {
        const response = await this.#connect(again);
        if (response?.status === 204) return response.close();
        if (response !== undefined) yield* this.#read(response);
        if (!this.#reconnects) return;
        await this.#pause();
      }
    } finally {
      this.close();
    }
  }

  get #isOpen(): boolean {
    return this.#state === "open";
  }

  /** The open stream; undefined when it failed in a way that may pass. */
  async #connect(again: boolean): Promise<StreamResponse | undefined> {
    const call = this.#connection.connect(this.#withLastId(), again);
    this.#stop = () => call.cancel();
    try {
      const response = await call.response;
      return response.status === 204 ? response : requireEvents(response);
    } catch (error) {
      // The first connection is a call as any other, with the attempts of one: what it ends in is for the caller.
      if (again) this.#excuse(error);
      else if (this.#isOpen) throw error;
      return undefined;
    }
  }

  async *#read(response: StreamResponse): AsyncGenerator<ServerSentEvent, void, undefined> {
    this.#stop = () => response.close();
    const decoder = new TextDecoder();
    const splitter = new LineSplitter();
    this.#parser.reset();
    try {
      for await (const chunk of response.chunks()) {
        for (const line of splitter.push(decoder.decode(chunk, { stream: true }))) {
          const event = this.#parser.push(line);
          if (this.#parser.openLength > this.#maxLength) throw this.#tooLarge();
          if (event === undefined) continue;
          this.#failures = 0;
          yield event;
        }
        if (splitter.openLength + this.#parser.openLength > this.#maxLength) throw this.#tooLarge();
      }
    } catch (error) {
      this.#excuse(error);
    }
  }

  /** Waits before the next connection. */
  async #pause(): Promise<void> {
    const { clock, signal } = this.#connection;
    const base = this.#parser.retryMs ?? FIRST_RETRY_MS;
    const grown = Math.min(base * 2 ** this.#failures, Math.max(base, LONGEST_RETRY_MS));
    const delay = Math.max(grown, this.#retryAfterMs) * (1 + clock.random() / 4);
    this.#failures += 1;
    this.#retryAfterMs = 0;
    if (!this.#isOpen) return;
    await new Promise<void>(resolve => {
      const timer = clock.setTimer(resolve, delay);
      this.#stop = () => {
        timer.cancel();
        resolve();
      };
      signal?.addEventListener("abort", this.#stop, { once: true });
    });
    if (this.#stop !== undefined) signal?.removeEventListener("abort", this.#stop);
    if (signal?.aborted && this.#isOpen) throw new AbortError(signal.reason);
  }

  /** Lets pass what another connection may mend, and what `close()` has brought about. */
  #excuse(error: unknown): void {
    if (!this.#isOpen) return;
    if (!this.#reconnects || !isSkeinError(error) || !isTransient(error)) throw error;
    const headers = "response" in error ? (error.response as Response).headers : undefined;
    const { clock } = this.#connection;
    this.#retryAfterMs = parseRetryAfter(headers?.get("retry-after") ?? null, clock.wallNow()) ?? 0;
  }

  /** RFC 9110 fields are bytes: the id is sent in UTF-8, as the HTML standard has it. */
  #withLastId(): Request {
    if (this.lastEventId === "") return this.#request;
    const bytes = new TextEncoder().encode(this.lastEventId);
    const id = Array.from(bytes, byte => String.fromCharCode(byte)).join("");
    return this.#request.with({ headers: this.#request.headers.with("Last-Event-ID", id) });
  }

  #tooLarge(): ResponseTooLarge {
    const reason = `${this.#request}: an event is longer than ${this.#maxLength} characters`;
    return new ResponseTooLarge("RESPONSE_TOO_LARGE", reason, { phase: "body", requestSent: "full" });
  }
}

function withEventHeaders(request: Request, given: Headers): Request {
  let { headers } = request;
  if (!given.has("accept")) headers = headers.with("Accept", "text/event-stream");
  if (!headers.has("cache-control")) headers = headers.with("Cache-Control", "no-cache");
  return request.with({ headers });
}

function requireEvents(response: StreamResponse): StreamResponse {
  response.raiseForStatus();
  const type = response.headers.get("content-type") ?? "none";
  if (/^text\/event-stream\s*(;|$)/i.test(type)) return response;
  response.close();
  const reason = `${response.request}: expected the content-type text/event-stream; got ${type}`;
  throw new RemoteProtocolError("INVALID_RESPONSE", reason, { phase: "headers", requestSent: "full" });
}
