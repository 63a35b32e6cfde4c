import { connect, createServer, type Socket } from "node:net";
import { addressOf, joinStreams } from "./proxy-server.ts";
import { ConnectionCounter, listenOnLoopback } from "./server-lifetime.ts";

export interface SocksServerOptions {
  /** `user:password`; without them nobody is let in. */
  auth?: string;
}

/** A SOCKS 5 proxy that keeps every byte that clients send. Names below `.test` are this machine. */
export interface SocksServer extends AsyncDisposable {
  /** `127.0.0.1:1080` */
  readonly address: string;
  readonly port: number;
  /** What clients have asked for, names as names: `example.com:443`. */
  readonly destinations: readonly string[];
  /** What clients have sent, a text (latin1) a connection. */
  readonly received: readonly string[];
  readonly connections: number;
  close(): Promise<void>;
}

export async function socksServer({ auth }: SocksServerOptions = {}): Promise<SocksServer> {
  const [destinations, received]: [string[], string[]] = [[], []];
  const server = createServer(socket => {
    const index = received.push("") - 1;
    socket.on("data", bytes => {
      received[index] += bytes.toString("latin1");
    });
    socket.on("error", () => {});
    serve(socket, auth, destinations).catch(() => socket.destroy());
  });
  const counter = new ConnectionCounter(server);
  const port = await listenOnLoopback(server);
  const close = () => counter.close();
  return {
    address: `127.0.0.1:${port}`,
    port,
    destinations,
    received,
    get connections() {
      return counter.accepted;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function serve(socket: Socket, auth: string | undefined, destinations: string[]): Promise<void> {
  const read = reader(socket);
  const [, count = 0] = await read(2);
  const methods = await read(count);
  const method = auth === undefined ? 0 : 2;
  if (!methods.includes(method)) return void socket.end(Uint8Array.of(5, 255));
  socket.write(Uint8Array.of(5, method));
  if (auth !== undefined && !(await proves(socket, read, auth))) return;
  const [, , , type = 0] = await read(4);
  const host = await readHost(read, type);
  const [high = 0, low = 0] = await read(2);
  const port = high * 256 + low;
  destinations.push(`${host}:${port}`);
  const target = connect(port, addressOf(host));
  const refused = () => socket.end(Uint8Array.of(5, 5, 0, 1, 0, 0, 0, 0, 0, 0));
  target.once("error", refused);
  joinStreams(socket, target, () => {
    target.off("error", refused);
    socket.write(Uint8Array.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 80));
  });
}

async function proves(socket: Socket, read: Read, auth: string): Promise<boolean> {
  const [, nameLength = 0] = await read(2);
  const name = Buffer.from(await read(nameLength)).toString();
  const [passwordLength = 0] = await read(1);
  const password = Buffer.from(await read(passwordLength)).toString();
  const known = `${name}:${password}` === auth;
  socket.write(Uint8Array.of(1, known ? 0 : 1));
  if (!known) socket.end();
  return known;
}

async function readHost(read: Read, type: number): Promise<string> {
  if (type === 1) return Array.from(await read(4)).join(".");
  if (type === 3) return Buffer.from(await read((await read(1))[0]!)).toString("latin1");
  const bytes = Buffer.from(await read(16));
  return Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16)).join(":");
}

type Read = (length: number) => Promise<Uint8Array>;

/** Reads exactly so many bytes. */
function reader(socket: Socket): Read {
  let buffered: Buffer = Buffer.alloc(0);
  let wake = () => {};
  socket.on("data", (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    wake();
  });
  socket.on("close", () => wake());
  return async length => {
    while (buffered.length < length) {
      if (socket.destroyed) throw new Error("the client is gone");
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
    const taken = buffered.subarray(0, length);
    buffered = buffered.subarray(length);
    return taken;
  };
}
