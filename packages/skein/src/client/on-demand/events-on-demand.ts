import type { ServerSentEvent } from "../events/event-parser.ts";
import type { EventStream } from "../events/event-stream.ts";

/** An event stream whose code is loaded when it is first iterated. */
export class EventsOnDemand implements EventStream {
  readonly #open: () => Promise<EventStream>;
  readonly #firstId: string;
  #opening: Promise<EventStream> | undefined;
  #stream: EventStream | undefined;
  #closed = false;

  constructor(open: () => Promise<EventStream>, firstId: string) {
    this.#open = open;
    this.#firstId = firstId;
  }

  get lastEventId(): string {
    return this.#stream?.lastEventId ?? this.#firstId;
  }

  close(): void {
    this.#closed = true;
    this.#stream?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ServerSentEvent, void, undefined> {
    this.#opening ??= this.#open();
    const stream = await this.#opening;
    this.#stream = stream;
    if (this.#closed) stream.close();
    // A second loop over one stream is refused by the stream itself.
    yield* stream;
  }
}
