import * as net from "node:net";
import * as tls from "node:tls";
import type { MakeClient } from "./client.ts";

/**
 * The bound on Node: sockets (of node:tls for https) with `onread`, a constant request, the end of the answer found by its known length. It
 * parses nothing, so it only works on the fixed answer of this benchmark.
 */
export const makeClient: MakeClient = async ({ url, connections }) => {
  const { protocol, hostname, port, host, pathname } = new URL(url);
  const connect = protocol === "https:" ? connectTls : net.connect;
  const head = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nAccept: */*\r\n\r\n`;
  const length = await measureAnswer(connect({ port: Number(port), host: hostname }), head);
  const idle: RawConnection[] = [];
  for (let i = 0; i < connections; i++)
    idle.push(
      new RawConnection(onread => connect({ port: Number(port), host: hostname, noDelay: true, onread }), {
        head,
        length,
      }),
    );
  return {
    async call() {
      const connection = idle.pop()!;
      const text = await connection.request();
      idle.push(connection);
      return text;
    },
    close: () => {
      for (const connection of idle) connection.socket.destroy();
    },
  };
};

class RawConnection {
  readonly socket: net.Socket;
  #resolve: ((text: string) => void) | undefined;
  #received = 0;
  readonly #answer: { head: string; length: number };

  constructor(connect: (onread: net.OnReadOpts) => net.Socket, answer: { head: string; length: number }) {
    this.#answer = answer;
    const buffer = Buffer.alloc(65_536);
    const callback = (read: number) => this.#read(read, buffer);
    this.socket = connect({ buffer, callback });
  }

  request(): Promise<string> {
    this.socket.write(this.#answer.head, "latin1");
    return new Promise(resolve => {
      this.#resolve = resolve;
    });
  }

  #read(read: number, buffer: Buffer): boolean {
    this.#received += read;
    if (this.#received === this.#answer.length) {
      this.#received = 0;
      this.#resolve!(buffer.latin1Slice(0, read));
    }
    return true;
  }
}

function connectTls(options: net.TcpNetConnectOpts): net.Socket {
  return tls.connect({ ...options, ALPNProtocols: ["http/1.1"] } as tls.ConnectionOptions);
}

function measureAnswer(socket: net.Socket, head: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let length = 0;
    socket.write(head);
    socket.on("data", chunk => {
      length += chunk.length;
      setTimeout(() => socket.destroy(), 50);
    });
    socket.on("close", () => resolve(length));
    socket.on("error", reject);
  });
}
