import type { Clock } from "../../core/clock.ts";
import { checkNames, requireCount } from "../../core/option-names.ts";
import type { Request } from "../../core/request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";
import type { Layer, Service } from "../../core/service.ts";
import type { Har, HarEntry } from "./har.ts";
import { type EntryOptions, harEntry } from "./har-entry.ts";

export interface HarOptions {
  /** Records bodies that are in memory, too. Nothing in them is hidden. Default: false. */
  bodies?: boolean;
  /** A body of more bytes is left out. Default: 1 MiB. */
  maxBodyBytes?: number;
  /** Records credentials as they are. Default: false, they are `***`. */
  secrets?: boolean;
  /** When there are more, the oldest are dropped. Default: 10,000. */
  maxEntries?: number;
}

/** Records what a client sends and receives as HTTP Archive 1.2; made by `harRecorder()`. */
export class HarRecorder {
  readonly #options: EntryOptions & { readonly maxEntries: number };
  readonly #clock: Clock;
  readonly #creator: Har["log"]["creator"];
  #entries: HarEntry[] = [];

  constructor(options: HarOptions, { clock, version }: { clock: Clock; version: string }) {
    checkNames(options, ["bodies", "maxBodyBytes", "secrets", "maxEntries"], "harRecorder");
    this.#options = {
      bodies: options.bodies === true,
      secrets: options.secrets === true,
      maxBodyBytes: requireCount(options.maxBodyBytes ?? 1024 * 1024, "harRecorder.maxBodyBytes", 0),
      maxEntries: requireCount(options.maxEntries ?? 10_000, "harRecorder.maxEntries", 1),
    };
    this.#clock = clock;
    this.#creator = { name: "skein", version };
  }

  /** For `client.with(har.layer, { after: "retry" })`: there it sees every redirect, and every attempt. */
  readonly layer: Layer = (inner: Service): Service => ({
    send: (request, context) => this.#record(inner, request, context),
    close: () => inner.close(),
  });

  /** The archive so far; a stream is in it once it has ended. `JSON.stringify(har)` calls this. */
  toJSON(): Har {
    const entries = this.#entries.toSorted((a, b) => (a.startedDateTime < b.startedDateTime ? -1 : 1));
    return { log: { version: "1.2", creator: this.#creator, entries } };
  }

  /** Forgets what was recorded. */
  clear(): void {
    this.#entries = [];
  }

  async #record(inner: Service, request: Request, context: RequestContext): Promise<Response> {
    const startedAt = this.#clock.wallNow();
    try {
      const response = await inner.send(request, context);
      const { record } = response;
      const add = (error: unknown) => this.#add({ request, response, error, record, startedAt });
      if (response.hasContent) add(undefined);
      else response.body.whenSettled(add);
      return response;
    } catch (error) {
      this.#add({ request, response: undefined, error, record: context.record, startedAt });
      throw error;
    }
  }

  #add(recorded: Parameters<typeof harEntry>[0]): void {
    this.#entries.push(harEntry(recorded, this.#options));
    if (this.#entries.length > this.#options.maxEntries) this.#entries.shift();
  }
}
