import type * as net from "node:net";
import type { TLSSocket } from "node:tls";
import type { Socket, SocketEvents, SocketFailure } from "../../../core/ports.ts";
import type { ProxyHop } from "../../../core/proxy-options.ts";
import type { Origin } from "../../../core/url.ts";
import type { Opener, Reads } from "./opener.ts";
import { socketFailure } from "./socket-failure.ts";

/**
 * All sockets of the process read into this one buffer: a read is handled whole before the next one starts, and who
 * keeps bytes copies them. It spares an allocation a read; and it is large, because a body of 100 MB is read into memory half
 * as fast again by a megabyte at a time as by 64 KiB.
 */
const READ_BUFFER = new Uint8Array(1024 * 1024);

/** A socket of Node's, from the moment it begins to be opened. */
export class NodeSocket implements Socket {
  #events: SocketEvents;
  readonly #origin: Origin;
  /** Gives up the opening. */
  readonly #giveUp: () => void;
  #socket: net.Socket | undefined;
  #failure: SocketFailure | undefined;
  #paused = false;
  #destroyed = false;
  peer: string | undefined;
  alpn: string | undefined;
  proxy: ProxyHop | undefined;

  constructor(origin: Origin, events: SocketEvents, opener: Opener) {
    this.#origin = origin;
    this.#events = events;
    const onread = {
      buffer: READ_BUFFER,
      callback: (length: number, buffer: Uint8Array) => this.#read(length, buffer),
    };
    this.#giveUp = opener.open(origin, onread, {
      onStep: step => events.onStep?.(step),
      onOpen: (socket, reads, proxy) => this.#opened(socket, reads, proxy),
      onFailure: error => {
        this.#fail(error);
        this.#closed();
      },
    });
  }

  write(data: string | Uint8Array): boolean {
    return typeof data === "string" ? this.#socket!.write(data, "latin1") : this.#socket!.write(data);
  }

  writeBoth(head: string, body: Uint8Array): boolean {
    const socket = this.#socket!;
    socket.cork();
    socket.write(head, "latin1");
    const drained = socket.write(body);
    socket.uncork();
    return drained;
  }

  end(sent?: () => void): void {
    this.#socket!.end(sent);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket?.resume();
  }

  afterTurn(callback: () => void): void {
    process.nextTick(callback);
  }

  handOver(events: SocketEvents): void {
    this.#events = events;
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    if (this.#socket !== undefined) return void this.#socket.destroy();
    this.#giveUp();
    queueMicrotask(() => this.#closed());
  }

  #opened(socket: net.Socket, reads: Reads, proxy: ProxyHop | undefined): void {
    this.#socket = socket;
    socket.on("drain", () => this.#events.onDrain());
    socket.on("end", () => this.#destroyed || this.#events.onEof());
    socket.on("error", error => this.#fail(error));
    socket.on("close", () => this.#closed());
    this.peer = peerOf(socket);
    this.alpn = (socket as Partial<TLSSocket>).alpnProtocol || undefined;
    this.proxy = proxy;
    if (reads === "events") this.#readEvents(socket);
    this.#events.onConnect();
  }

  #readEvents(socket: net.Socket): void {
    socket.on("data", (chunk: Uint8Array) => {
      if (!this.#read(chunk.length, chunk)) socket.pause();
    });
    // Nobody has read it since the proxy's answer: it was stopped there.
    socket.resume();
  }

  /** @returns whether to read on */
  #read(length: number, buffer: Uint8Array): boolean {
    if (this.#destroyed) return false;
    try {
      this.#events.onBytes(buffer, length);
    } catch (error) {
      // Thrown out of this callback it would be an uncaughtException that no caller could catch.
      this.#fail(error as Error);
      this.#socket?.destroy();
      return false;
    }
    return !this.#paused;
  }

  #fail(error: Error): void {
    const { hostname, port } = this.#origin;
    const target = this.proxy?.forwards ? `the proxy ${this.proxy.name}` : `${hostname}:${port}`;
    this.#failure ??= socketFailure(error, target);
  }

  #closed(): void {
    this.#events.onClose(this.#destroyed ? undefined : this.#failure);
  }
}

function peerOf({ remoteAddress, remotePort }: net.Socket): string | undefined {
  if (remoteAddress === undefined) return undefined;
  return remoteAddress.includes(":") ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}
