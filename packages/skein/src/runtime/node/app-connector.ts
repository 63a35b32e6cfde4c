import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Connector, Socket, SocketEvents } from "../../core/ports.ts";
import type { Origin } from "../../core/url.ts";

/** A Node handler: Express's app, Fastify's `routing`, the listener of `http.createServer`. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** What an error of the handler is wrapped in on its way through the connection: nobody's network failed. */
export class AppFailure extends Error {
  constructor(cause: unknown) {
    super("the application threw", { cause });
  }
}

/**
 * Connections into Node's own HTTP server, in memory: what an application sees is a real request, with back-pressure,
 * trailers and a socket that closes when the caller gives up; and nothing listens on a port.
 *
 * One request a connection: what an application does to its socket can't reach the next request.
 *
 * @param raises whether an error of the handler ends the connection, or becomes a 500
 */
export function appConnector(handler: NodeHandler, raises: boolean): Connector {
  const { createServer } = process.getBuiltinModule("node:http");
  const server = createServer(guarded(handler, raises));
  server.maxRequestsPerSocket = 1;
  return { connect: (origin, events) => new AppSocket(origin, events, server) };
}

function guarded(handler: NodeHandler, raises: boolean): RequestListener {
  return async (request, response) => {
    try {
      await handler(request, response);
    } catch (error) {
      if (raises || response.headersSent) request.socket.destroy(new AppFailure(error));
      else refuse(response);
    }
  };
}

function refuse(response: ServerResponse): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.writeHead(500, { "content-type": "text/plain; charset=utf-8" }).end("Internal Server Error");
}

/** The caller's end of a connection in memory. */
class AppSocket implements Socket {
  readonly peer = "the application";
  readonly alpn = undefined;
  readonly #client: Duplex;
  #events: SocketEvents;
  #failure: Error | undefined;
  #destroyed = false;

  constructor(origin: Origin, events: SocketEvents, server: Server) {
    const { duplexPair } = process.getBuiltinModule("node:stream");
    const [client, far] = duplexPair();
    this.#client = client;
    this.#events = events;
    Object.assign(far, asSocketOf(origin));
    far.on("error", error => this.#failed(error));
    far.on("close", () => client.destroy());
    client.on("data", (chunk: Buffer) => this.#destroyed || this.#events.onBytes(chunk, chunk.length));
    client.on("drain", () => this.#events.onDrain());
    client.on("end", () => this.#destroyed || this.#events.onEof());
    client.on("error", error => this.#failed(error));
    client.on("close", () => this.#closed(far));
    queueMicrotask(() => {
      if (this.#destroyed) return;
      server.emit("connection", far);
      events.onConnect();
    });
  }

  write(data: string | Uint8Array): boolean {
    return typeof data === "string" ? this.#client.write(data, "latin1") : this.#client.write(data);
  }

  writeBoth(head: string, body: Uint8Array): boolean {
    this.#client.write(head, "latin1");
    return this.#client.write(body);
  }

  end(sent?: () => void): void {
    this.#client.end(sent);
  }

  afterTurn(callback: () => void): void {
    process.nextTick(callback);
  }

  handOver(events: SocketEvents): void {
    this.#events = events;
  }

  pause(): void {
    this.#client.pause();
  }

  resume(): void {
    this.#client.resume();
  }

  destroy(): void {
    this.#destroyed = true;
    // The kernel would have taken the last bytes of an answer by now. Paused, this end takes them (up to its buffer's
    // size) in the ticks to come: else the application would hear "close" without the "finish" of an answer it has made.
    this.#client.pause();
    setImmediate(() => this.#client.destroy());
  }

  #failed(error: Error): void {
    this.#failure ??= error;
  }

  #closed(far: Duplex): void {
    far.destroy();
    const cause = this.#failure;
    const failure =
      cause === undefined || this.#destroyed
        ? undefined
        : { kind: "reset" as const, reason: cause.message, cause };
    this.#events.onClose(failure);
  }
}

/**
 * What applications ask of a socket: who calls, and whether it is encrypted; and what they tell it, which means nothing to
 * a connection in memory.
 */
function asSocketOf(origin: Origin): object {
  const nothing = function (this: unknown) {
    return this;
  };
  return {
    setTimeout: nothing,
    setNoDelay: nothing,
    setKeepAlive: nothing,
    ref: nothing,
    unref: nothing,
    remoteAddress: "127.0.0.1",
    remotePort: 0,
    remoteFamily: "IPv4",
    localAddress: "127.0.0.1",
    localPort: origin.port,
    encrypted: origin.scheme === "https",
  };
}
