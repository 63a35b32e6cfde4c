import type { AddressInfo, Server, Socket } from "node:net";

/** Makes a server listen on a free port of 127.0.0.1. */
export async function listenOnLoopback(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

/** Counts a server's connections, and ends them all at once when it closes. */
export class ConnectionCounter {
  /** Connections accepted so far. */
  accepted = 0;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket: Socket) => {
      this.accepted += 1;
      this.#open.add(socket);
      socket.once("close", () => this.#open.delete(socket));
    });
  }

  get open(): number {
    return this.#open.size;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()));
    const ended = [...this.#open].map(socket => new Promise(resolve => socket.once("close", resolve)));
    for (const socket of this.#open) socket.destroy();
    await Promise.all([closed, ...ended]);
  }
}
