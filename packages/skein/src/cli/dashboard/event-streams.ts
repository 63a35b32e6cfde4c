import type { ServerResponse } from "node:http";
import type { Snapshot } from "./protocol.ts";

const EVERY_MS = 1_000;

/** Sends a snapshot to all who listen, once a second; while nobody does, nothing is read. */
export class EventStreams {
  readonly #read: () => Promise<Snapshot>;
  readonly #clients = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;
  #isReading = false;

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

  /** Sends one now. */
  async tell(): Promise<void> {
    if (this.#isReading || this.#clients.size === 0) return;
    this.#isReading = true;
    try {
      const event = `event: snapshot\ndata: ${JSON.stringify(await this.#read())}\n\n`;
      // Who does not read gets the next one that there is room for.
      for (const client of this.#clients) if (!client.writableNeedDrain) client.write(event);
    } catch {
      // The journal could not be read at this moment: a page that hears nothing comes back, and is then told why.
      this.end();
    } finally {
      this.#isReading = false;
    }
  }

  end(): void {
    for (const client of this.#clients) client.end();
  }

  #remove(client: ServerResponse): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
