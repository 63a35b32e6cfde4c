import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Snapshot } from "./protocol.ts";

const EVERY_MS = 1_000;
/** For who does not read what it asked for. */
const PATIENCE_MS = 1_000;

/** Sends a snapshot to all who listen, once a second; while nobody does, nothing is read. */
export class EventStreams {
  readonly #read: () => Promise<Snapshot>;
  readonly #clients = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;
  #telling: Promise<void> | undefined;

  constructor(read: () => Promise<Snapshot>) {
    this.#read = read;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** @param response its head has not been sent yet */
  add(response: ServerResponse): void {
    response.writeHead(200, { "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" });
    response.write("retry: 1000\n\n");
    this.#clients.add(response);
    response.once("close", () => this.#remove(response));
    this.#timer ??= setInterval(() => void this.tell(), EVERY_MS);
    void this.tell();
  }

  /** Sends one now, unless one is on its way. */
  tell(): Promise<void> {
    if (this.#clients.size === 0) return Promise.resolve();
    this.#telling ??= this.#tell().finally(() => {
      this.#telling = undefined;
    });
    return this.#telling;
  }

  /** Sends the last one, and waits until who reads has it. */
  async finish(): Promise<void> {
    // One that is on its way may be of a moment ago.
    await this.#telling;
    await this.tell();
    const sent = Array.from(this.#clients, client => {
      const ended = new Promise(resolve => client.once("close", resolve));
      client.end();
      return ended;
    });
    await Promise.race([Promise.all(sent), delay(PATIENCE_MS, undefined, { ref: false })]);
  }

  async #tell(): Promise<void> {
    try {
      const event = `event: snapshot\ndata: ${JSON.stringify(await this.#read())}\n\n`;
      // Who does not read gets the next one that there is room for.
      for (const client of this.#clients) if (!client.writableNeedDrain) client.write(event);
    } catch {
      // The journal could not be read at this moment: a page that hears nothing comes back, and is then told why.
      for (const client of this.#clients) client.end();
    }
  }

  #remove(client: ServerResponse): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
