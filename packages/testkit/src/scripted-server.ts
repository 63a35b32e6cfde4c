import { createServer, type Socket } from "node:net";
import { ConnectionCounter, listenOnLoopback } from "./server-lifetime.ts";

/** One connection to a scripted server, as its script drives it. */
export interface ScriptedConnection {
  /** Which connection of the server it is, from 1. */
  readonly number: number;
  readonly socket: Socket;
  /** What the client has sent, up to and with the next blank line, as latin1 text. */
  readHead(): Promise<string>;
  /** The next `length` bytes that the client sends. */
  readBytes(length: number): Promise<Uint8Array>;
  /** Sends bytes, or text as latin1; resolves when the system has taken them. */
  write(data: string | Uint8Array): Promise<void>;
  /** Sends the end of the stream; what the client sends is still received. */
  end(): void;
  /** Sends a TCP reset. */
  reset(): void;
}

/** What a server does with a connection. It stays open after the script has ended, until someone closes it. */
export type ServerScript = (connection: ScriptedConnection) => void | Promise<void>;

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** How many connections it accepted. */
  readonly connections: number;
  readonly openConnections: number;
  /**
   * Ends every connection at once. Rejects with the first error that a script threw, so that a broken script fails
   * its test; that a client closed the connection under a script is no error.
   */
  close(): Promise<void>;
}

/** The client has closed the connection while the script was still at it. */
class ClientGone extends Error {}

/** Starts a raw TCP server whose every byte is written by `script`, which runs once a connection. */
export async function scriptedServer(script: ServerScript): Promise<ScriptedServer> {
  const failures: unknown[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  const counter = new ConnectionCounter(server);
  server.on("connection", socket => {
    const connection = new Connection(socket, counter.accepted);
    connection.run(script).catch(error => {
      if (!(error instanceof ClientGone)) failures.push(error);
      socket.destroy();
    });
  });
  const port = await listenOnLoopback(server);
  const close = async () => {
    await counter.close();
    if (failures.length > 0) throw failures[0];
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    get connections() {
      return counter.accepted;
    },
    get openConnections() {
      return counter.open;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

class Connection implements ScriptedConnection {
  readonly number: number;
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #gone = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket, number: number) {
    this.socket = socket;
    this.number = number;
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake?.();
    });
    const gone = () => {
      this.#gone = true;
      this.#wake?.();
    };
    // A client that resets is what many tests are about: it ends the script's reads, and is no failure of the server.
    socket.on("end", gone).on("close", gone).on("error", gone);
  }

  /** Runs the script; once it has ended, the connection closes when the client closes its side. */
  async run(script: ServerScript): Promise<void> {
    await script(this);
    if (this.#gone) this.socket.end();
    else this.socket.once("end", () => this.socket.end());
  }

  async readHead(): Promise<string> {
    const end = await this.#until(() => this.#received.indexOf("\r\n\r\n"));
    return Buffer.from(this.#take(end + 4)).toString("latin1");
  }

  async readBytes(length: number): Promise<Uint8Array> {
    await this.#until(() => (this.#received.length >= length ? 0 : -1));
    return this.#take(length);
  }

  write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? Buffer.from(data, "latin1") : data;
    return new Promise((resolve, reject) => {
      this.socket.write(bytes, error => (error ? reject(new ClientGone(error.message)) : resolve()));
    });
  }

  end(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  async #until(found: () => number): Promise<number> {
    for (;;) {
      const at = found();
      if (at >= 0) return at;
      if (this.#gone) throw new ClientGone("the client closed the connection");
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }

  #take(length: number): Uint8Array {
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }
}
