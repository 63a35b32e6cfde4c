/** An event that a server has sent. */
export interface ServerSentEvent {
  /** The last id that the server has named, with this event or before; empty when there was none. */
  readonly id: string;
  /** Its type: `message` where the server names none. */
  readonly event: string;
  /** Its data lines, joined by LF. */
  readonly data: string;
  /** How long the server asks to wait before connecting again, in milliseconds, where it said so with this event. */
  readonly retry: number | undefined;
}

/** Makes events of the lines of a `text/event-stream` (HTML standard, "Interpreting an event stream"). */
export class EventParser {
  /** What a client that connects again names as the last it has seen. */
  lastEventId: string;
  /** How long to wait before connecting again, where the server has said so. */
  retryMs: number | undefined;
  /** Characters of the event that has not ended. */
  openLength = 0;
  #id: string;
  #type = "";
  #data: string[] = [];
  #retry: number | undefined;

  constructor(lastEventId: string) {
    this.lastEventId = lastEventId;
    this.#id = lastEventId;
  }

  /** The event that this line ends, if it ends one. */
  push(line: string): ServerSentEvent | undefined {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return undefined;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    this.#take(name, value);
    return undefined;
  }

  /** What has not ended when a connection does is not an event. */
  reset(): void {
    this.#id = this.lastEventId;
    this.#clear();
  }

  #take(name: string, value: string): void {
    if (name === "data") {
      this.#data.push(value);
      this.openLength += value.length + 1;
    } else if (name === "event") this.#type = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "retry" && /^\d+$/.test(value)) {
      this.#retry = Number(value);
      this.retryMs = this.#retry;
    }
  }

  #dispatch(): ServerSentEvent | undefined {
    this.lastEventId = this.#id;
    const hasData = this.#data.length > 0;
    const event = {
      id: this.#id,
      event: this.#type || "message",
      data: this.#data.join("\n"),
      retry: this.#retry,
    };
    this.#clear();
    return hasData ? event : undefined;
  }

  #clear(): void {
    this.#type = "";
    this.#data = [];
    this.#retry = undefined;
    this.openLength = 0;
  }
}
