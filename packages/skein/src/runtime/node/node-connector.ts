import * as net from "node:net";
import type { Connector, Socket, SocketEvents, SocketFailure, TlsOptions } from "../../core/ports.ts";
import type { Origin } from "../../core/url.ts";
import { NOT_GIVEN, type OnRead, type Opened } from "./opened-socket.ts";
import { socketFailure } from "./socket-failure.ts";
import { TlsOpener } from "./tls/tls-opener.ts";

/**
 * All sockets of the process read into this one buffer: a read is handled whole before the next one starts, and who
 * keeps bytes copies them. It spares an allocation a read.
 */
const READ_BUFFER = new Uint8Array(64 * 1024);

type OpenSocket = (origin: Origin, onread: OnRead) => Opened;

/**
 * Sockets of `node:net` and `node:tls`. Certificates are verified unless `verify: false`.
 *
 * @throws InvalidOption naming what of the options can't be used
 */
export function nodeConnector(options: TlsOptions = {}): Connector {
  const secure = new TlsOpener(options);
  const openSecure: OpenSocket = (origin, onread) => secure.open(origin, onread);
  return {
    connect: (origin, events) =>
      new NodeSocket(origin, events, origin.scheme === "https" ? openSecure : openPlain),
  };
}

const openPlain: OpenSocket = (origin, onread) => ({
  socket: net.connect({
    ...NOT_GIVEN,
    host: origin.hostname,
    port: origin.port,
    noDelay: true,
    onread,
  } as net.NetConnectOpts),
  connected: "connect",
});

class NodeSocket implements Socket {
  #socket: net.Socket;
  readonly #events: SocketEvents;
  readonly #origin: Origin;
  readonly #open: OpenSocket;
  #failure: SocketFailure | undefined;
  #paused = false;
  #destroyed = false;
  #isOpen = false;
  #tries = 1;
  peer: string | undefined;

  constructor(origin: Origin, events: SocketEvents, open: OpenSocket) {
    this.#origin = origin;
    this.#events = events;
    this.#open = open;
    const opened = this.#openSocket();
    this.#socket = opened.socket;
    this.#tellSteps(opened.connected === "secureConnect");
  }

  #openSocket(): Opened {
    const onread = {
      buffer: READ_BUFFER,
      callback: (length: number, buffer: Uint8Array) => this.#read(length, buffer),
    };
    const opened = this.#open(this.#origin, onread);
    const { socket, connected } = opened;
    socket.unref();
    socket.once(connected, () => this.#connected(opened));
    socket.on("drain", () => this.#events.onDrain());
    socket.on("end", () => this.#destroyed || this.#events.onEof());
    socket.on("error", error => this.#failed(error, opened));
    socket.on("close", () => this.#events.onClose(this.#destroyed ? undefined : this.#failure));
    return opened;
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

  #connected(opened: Opened): void {
    const refusal = opened.refusal?.();
    if (refusal !== undefined) {
      opened.socket.destroy(refusal);
      return;
    }
    this.#isOpen = true;
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
      this.#failure ??= this.#sorted(error as Error);
      this.#socket.destroy();
      return false;
    }
    return !this.#paused;
  }

  /** While it is being opened, what failed may be tried once more: nothing was sent. */
  #failed(error: Error, { socket, opensAgain }: Opened): void {
    if (!this.#isOpen && !this.#destroyed && this.#tries === 1 && opensAgain?.(error)) {
      this.#tries += 1;
      socket.removeAllListeners("close");
      this.#socket = this.#openSocket().socket;
      return;
    }
    this.#failure ??= this.#sorted(error);
  }

  #sorted(error: Error): SocketFailure {
    return socketFailure(error, `${this.#origin.hostname}:${this.#origin.port}`);
  }
}
