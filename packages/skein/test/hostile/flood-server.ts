import { once } from "node:events";
import * as net from "node:net";
import * as tls from "node:tls";
import { testCertificates } from "@skein/testkit";
import { block, frame, frameServer } from "../http2/frame-server.ts";

export const TRANSPORTS = ["HTTP/1.1", "HTTP/1.1 over TLS", "HTTP/2 over TLS"] as const;
export type TransportName = (typeof TRANSPORTS)[number];

/** What a server sends, beginning once and then without an end, or as often as it says. */
export interface Flood {
  readonly opening: Uint8Array;
  readonly again?: Uint8Array;
  readonly times?: number;
  /** Behind the last of them. */
  readonly ending?: Uint8Array;
  /** Between two of them. Default: none, they come as fast as the network takes them. */
  readonly pauseMs?: number;
}

export interface FloodServer extends AsyncDisposable {
  readonly url: string;
  /** Whether the connection that was flooded is gone; given a second to go. */
  flooded(): Promise<"open" | "closed">;
  /** What it could send. */
  readonly sent: number;
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/** What a client that has no limit would be sent; all of it would stand out in its memory. */
const MOST = 256 * 2 ** 20;
const BLOCK = 64 * 1024;

/** Sends a flood until its end, or that of the connection. */
async function pour(socket: net.Socket, flood: Flood, note: (bytes: number) => void): Promise<void> {
  const { again, times = Number.POSITIVE_INFINITY, pauseMs } = flood;
  socket.write(flood.opening);
  if (again === undefined) return;
  const perBlock = pauseMs === undefined ? Math.ceil(BLOCK / again.length) : 1;
  const whole = Buffer.alloc(perBlock * again.length, again);
  let sent = 0;
  for (let left = times; left > 0 && sent < MOST && !socket.destroyed; left -= perBlock) {
    const bytes = left < perBlock ? whole.subarray(0, left * again.length) : whole;
    const taken = socket.write(bytes);
    sent += bytes.length;
    note(bytes.length);
    if (!taken) await new Promise<void>(resolve => socket.once("drain", resolve).once("close", resolve));
    else await new Promise(resolve => setTimeout(resolve, pauseMs ?? 0));
    socket.removeAllListeners("drain");
  }
  if (flood.ending !== undefined) socket.write(flood.ending);
}

/** Answers the first `floods` requests with a flood, the others as they should be. */
export function floodServer(transport: TransportName, floods: readonly Flood[]): Promise<FloodServer> {
  return transport === "HTTP/2 over TLS" ? overHttp2(floods) : overHttp1(transport, floods);
}

async function overHttp1(transport: TransportName, floods: readonly Flood[]): Promise<FloodServer> {
  const { cert, key } = testCertificates().valid;
  const poured = new Poured();
  const sockets = new Set<net.Socket>();
  let requests = 0;
  const serve = (socket: net.Socket) => {
    sockets.add(socket.on("error", () => {}));
    socket.on("data", (chunk: Buffer) => {
      if (!chunk.includes("\r\n\r\n")) return;
      const flood = floods[requests++];
      if (flood === undefined) socket.write(OK);
      else poured.pour(socket, flood);
    });
  };
  const isSecure = transport === "HTTP/1.1 over TLS";
  const server = isSecure ? tls.createServer({ cert, key }, serve) : net.createServer(serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  return poured.serverAt(`${isSecure ? "https" : "http"}://127.0.0.1:${port}`, async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise(resolve => server.close(resolve));
  });
}

async function overHttp2(floods: readonly Flood[]): Promise<FloodServer> {
  const poured = new Poured();
  const server = await frameServer((socket, streamId, request) => {
    const flood = floods[request - 1];
    if (flood !== undefined) return poured.pour(socket, onStream(flood, streamId));
    const head = block([[":status", "200"]]);
    socket.write(frame("HEADERS", streamId, { flags: 0x4, payload: head }));
    socket.write(frame("DATA", streamId, { flags: 0x1, payload: "ok" }));
  });
  return poured.serverAt(server.url, async () => await server[Symbol.asyncDispose]());
}

/** Floods are written for stream 1: a redirect's next request has another. */
function onStream(flood: Flood, streamId: number): Flood {
  if (streamId === 1) return flood;
  const opening = Buffer.from(flood.opening);
  for (let at = 0; at < opening.length; at += 9 + opening.readUIntBE(at, 3))
    if (opening.readUInt32BE(at + 5) === 1) opening.writeUInt32BE(streamId, at + 5);
  return { ...flood, opening };
}

/** The connections that were flooded. */
class Poured {
  readonly #sockets = new Set<net.Socket>();
  #sent = 0;

  pour(socket: net.Socket, flood: Flood): void {
    this.#sockets.add(socket);
    pour(socket, flood, bytes => {
      this.#sent += bytes;
    }).catch(() => socket.destroy());
  }

  serverAt(url: string, close: () => Promise<void>): FloodServer {
    const sent = () => this.#sent;
    return {
      url: `${url}/`,
      flooded: () => this.#closed(),
      get sent() {
        return sent();
      },
      [Symbol.asyncDispose]: close,
    };
  }

  async #closed(): Promise<"open" | "closed"> {
    const open = () => [...this.#sockets].some(socket => !socket.destroyed && !socket.readableEnded);
    for (let tries = 0; tries < 100 && open(); tries++) await new Promise(resolve => setTimeout(resolve, 10));
    return open() ? "open" : "closed";
  }
}
