import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { frame, TYPES, testCertificates } from "@skein/testkit";

/** A frame that the client has sent. */
interface SentFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export { block, frame, uint32 } from "@skein/testkit";

/** What a server does with its n-th request; it has the socket, and the id of the request's stream. */
export type Script = (socket: TLSSocket, streamId: number, request: number) => void;

export interface FrameServer extends AsyncDisposable {
  readonly url: string;
  /** How many connections came. */
  readonly connections: number;
  /** The frames that came, of all connections. */
  readonly frames: SentFrame[];
  /** Those of a type, as its payload's first numbers. */
  codes(type: "RST_STREAM" | "GOAWAY"): number[];
}

/** What it does by itself. */
export interface Manners {
  /** What it begins with. Default: SETTINGS, without any. */
  readonly greeting?: Buffer;
  /** Whether it acknowledges our SETTINGS. Default: true. */
  readonly acknowledges?: boolean;
  /** Default: it does not answer. */
  readonly onPing?: (socket: TLSSocket, payload: Buffer) => void;
}

/** A server of HTTP/2 that sends what it is told to, byte by byte, sense or nonsense. */
export async function frameServer(script: Script, manners: Buffer | Manners = {}): Promise<FrameServer> {
  const given = Buffer.isBuffer(manners) ? { greeting: manners } : manners;
  const { greeting = frame("SETTINGS", 0), acknowledges = true, onPing } = given as Manners;
  const { cert, key } = testCertificates().valid;
  const frames: SentFrame[] = [];
  const sockets = new Set<TLSSocket>();
  let connections = 0;
  let requests = 0;
  const server = createServer({ cert, key, ALPNProtocols: ["h2"] }, socket => {
    connections += 1;
    sockets.add(socket.on("error", () => {}));
    let pending = Buffer.alloc(0);
    let preface = 24;
    socket.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      if (preface > 0 && pending.length >= preface) {
        pending = pending.subarray(preface);
        preface = 0;
      }
      while (preface === 0 && pending.length >= 9) {
        const length = pending.readUIntBE(0, 3);
        if (pending.length < 9 + length) return;
        const sent = {
          type: pending[3]!,
          flags: pending[4]!,
          streamId: pending.readUInt32BE(5),
          payload: pending.subarray(9, 9 + length),
        };
        pending = pending.subarray(9 + length);
        frames.push(sent);
        if (acknowledges && sent.type === TYPES.SETTINGS && (sent.flags & 1) === 0)
          socket.write(frame("SETTINGS", 0, { flags: 1 }));
        if (sent.type === TYPES.PING) onPing?.(socket, sent.payload);
        if (sent.type === TYPES.HEADERS) script(socket, sent.streamId, ++requests);
      }
    });
    socket.write(greeting);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    frames,
    get connections() {
      return connections;
    },
    codes: type =>
      frames
        .filter(sent => sent.type === TYPES[type])
        .map(({ payload }) => payload.readUInt32BE(type === "GOAWAY" ? 4 : 0)),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
