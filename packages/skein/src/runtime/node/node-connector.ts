import * as net from "node:net";
import type { Connector, Socket, SocketEvents, SocketFailure, TlsOptions } from "../../core/ports.ts";
import type { Origin } from "../../core/url.ts";
import { socketFailure } from "./socket-failure.ts";

/**
 * All sockets of the process read into this one buffer: a read is handled whole before the next one starts, and who
 * keeps bytes copies them. It spares an allocation a read.
 */
const READ_BUFFER = new Uint8Array(64 * 1024);

/** Sockets of `node:net` and `node:tls`. Certificates are verified unless `verify: false`. */
export function nodeConnector(options: TlsOptions = {}): Connector {
  const connectTls = tlsConnector(options);
  return {
    connect: (origin, events) =>
      new NodeSocket(origin, events, origin.scheme === "https" ? connectTls : connectPlain),
  };
}

interface OnRead {
  buffer: Uint8Array;
  callback(length: number, buffer: Uint8Array): boolean;
}

type OpenSocket = (origin: Origin, onread: OnRead) => { socket: net.Socket; connected: string };

/**
 * Node copies what it is given into ordinary objects, and looks up in them what it was not given: whatever stands on
 * `Object.prototype` would then decide where to (`path` is a socket of this machine), and from where.
 */
const NOT_GIVEN = {
  path: undefined,
  fd: undefined,
  handle: undefined,
  lookup: undefined,
  hints: undefined,
  family: undefined,
  localAddress: undefined,
  localPort: undefined,
  signal: undefined,
  timeout: undefined,
};

const connectPlain: OpenSocket = (origin, onread) => ({
  socket: net.connect({
    ...NOT_GIVEN,
    host: origin.hostname,
    port: origin.port,
    noDelay: true,
    onread,
  } as net.NetConnectOpts),
  connected: "connect",
});

/** `node:tls` is loaded by the first https request; the secure context (the parsed authorities) is shared by all. */
function tlsConnector(options: TlsOptions): OpenSocket {
  let tls: typeof import("node:tls") | undefined;
  let secureContext: import("node:tls").SecureContext | undefined;
  return (origin, onread) => {
    tls ??= process.getBuiltinModule("node:tls");
    secureContext ??= tls.createSecureContext(options.ca === undefined ? {} : { ca: options.ca as string[] });
    const socket = tls.connect({
      ...NOT_GIVEN,
      host: origin.hostname,
      port: origin.port,
      // RFC 6066 §3: no server name for an address.
      ...(net.isIP(origin.hostname) === 0 ? { servername: origin.hostname } : {}),
      ALPNProtocols: ["http/1.1"],
      rejectUnauthorized: options.verify !== false,
      secureContext,
      onread,
    } as import("node:tls").ConnectionOptions);
    socket.setNoDelay(true);
    return { socket, connected: "secureConnect" };
  };
}

class NodeSocket implements Socket {
  readonly #socket: net.Socket;
  readonly #events: SocketEvents;
  readonly #origin: Origin;
  #failure: SocketFailure | undefined;
  #paused = false;
  #destroyed = false;
  peer: string | undefined;

  constructor(origin: Origin, events: SocketEvents, open: OpenSocket) {
    this.#origin = origin;
    this.#events = events;
    const onread = {
      buffer: READ_BUFFER,
      callback: (length: number, buffer: Uint8Array) => this.#read(length, buffer),
    };
    const { socket, connected } = open(origin, onread);
    this.#socket = socket;
    socket.unref();
    this.#tellSteps(connected === "secureConnect");
    socket.once(connected, () => this.#connected());
    socket.on("drain", () => events.onDrain());
    socket.on("end", () => this.#destroyed || events.onEof());
    socket.on("error", error => this.#failed(error));
    socket.on("close", () => events.onClose(this.#destroyed ? undefined : this.#failure));
  }

  #tellSteps(isSecure: boolean): void {
    const { onStep } = this.#events;
    if (onStep === undefined) return;
    const isName = net.isIP(this.#origin.hostname) === 0;
    this.#events.onStep?.(isName ? "resolve" : "connect");
    // A name may have several addresses, and the event comes for each of them.
    if (isName) this.#socket.once("lookup", error => !error && this.#events.onStep?.("connect"));
    if (isSecure) this.#socket.once("connect", () => this.#events.onStep?.("tls"));
  }

  write(data: string | Uint8Array): boolean {
    return typeof data === "string" ? this.#socket.write(data, "latin1") : this.#socket.write(data);
  }

  writeBoth(head: string, body: Uint8Array): boolean {
    this.#socket.cork();
    this.#socket.write(head, "latin1");
    const drained = this.#socket.write(body);
    this.#socket.uncork();
    return drained;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#socket.destroy();
  }

  #connected(): void {
    const { remoteAddress = "", remotePort } = this.#socket;
    this.peer = remoteAddress.includes(":")
      ? `[${remoteAddress}]:${remotePort}`
      : `${remoteAddress}:${remotePort}`;
    this.#events.onConnect();
  }

  /** @returns whether to read on */
  #read(length: number, buffer: Uint8Array): boolean {
    if (this.#destroyed) return false;
    try {
      this.#events.onBytes(buffer, length);
    } catch (error) {
      // Thrown out of this callback it would be an uncaughtException that no caller could catch.
      this.#failed(error as Error);
      this.#socket.destroy();
      return false;
    }
    return !this.#paused;
  }

  #failed(error: Error): void {
    this.#failure ??= socketFailure(error, `${this.#origin.hostname}:${this.#origin.port}`);
  }
}
