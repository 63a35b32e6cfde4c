import type { TaskState } from "../batch/task.ts";
import type { Response } from "../core/response.ts";
import type { StandardSchema } from "../core/standard-schema.ts";

/** The call behind a promise. */
interface CallUnderWay {
  readonly state: TaskState;
  cancel(reason: unknown): void;
}

/** What is read of a call under way; it stops with its call. */
export interface CallPromise<T> extends Promise<T> {
  /** Stops the call, wherever it is: this rejects with AbortError. Does nothing once it has ended. */
  cancel(reason?: unknown): void;
}

/**
 * What a call returns: a promise of its response, under way from the start, with shortcuts.
 *
 * ```ts
 * const user = await client.get("https://api.example.com/users/1").json();
 * ```
 */
export class ResponsePromise extends Promise<Response> {
  readonly #call: CallUnderWay | undefined;

  constructor(
    start: (resolve: (response: Response) => void, reject: (error: unknown) => void) => void,
    call?: CallUnderWay,
  ) {
    super(start);
    this.#call = call;
  }

  /**
   * Where the call is: `pending` until a connection is reserved for it, `running`, `waiting` between two attempts, and then
   * `succeeded`, `failed` or `cancelled`; the state of a batch's task.
   *
   * @example
   * const call = client.get("https://api.example.com/report");
   * setTimeout(() => call.state === "waiting" && call.cancel("the server is busy"), 1_000);
   */
  get state(): TaskState {
    return this.#call?.state ?? "pending";
  }

  /**
   * The body as JSON; with a schema (Standard Schema: zod, valibot, arktype …), validated and of its type.
   *
   * @throws HTTPStatusError on a status that is not 2xx, DecodingError when the body is not JSON, SchemaError when it does
   * not fit the schema
   */
  json<T>(schema: StandardSchema<T>): CallPromise<T>;
  json<T = unknown>(): CallPromise<NoInfer<T>>;
  json<T>(schema?: StandardSchema<T>): CallPromise<T> {
    return this.#read(async response => {
      const value = response.json<T>();
      return schema === undefined ? value : response.accept(await schema["~standard"].validate(value));
    });
  }

  /**
   * The body as text.
   *
   * @throws HTTPStatusError on a status that is not 2xx
   */
  text(): CallPromise<string> {
    return this.#read(response => response.text());
  }

  /**
   * The body.
   *
   * @throws HTTPStatusError on a status that is not 2xx
   */
  bytes(): CallPromise<Uint8Array> {
    return this.#read(response => response.bytes());
  }

  /** Stops the call, wherever it is: it then rejects with AbortError. Does nothing once it has ended. */
  cancel(reason?: unknown): void {
    this.#call?.cancel(reason);
  }

  #read<T>(read: (response: Response) => T | Promise<T>): CallPromise<T> {
    const reading = (async () => read((await this).raiseForStatus()))();
    return Object.assign(reading, { cancel: (reason?: unknown) => this.cancel(reason) });
  }
}

// `await` and `then` look at the constructor: seeing Promise itself, they neither wrap this promise in another one nor
// make more of our kind. That halves the cost of the subclass, which every single call pays.
Object.defineProperty(ResponsePromise.prototype, "constructor", {
  value: Promise,
  configurable: true,
  writable: true,
});
