import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ConnectionCounter, listenOnLoopback } from "./server-lifetime.ts";
import { type CertificateKind, testCertificates } from "./test-certificates.ts";

export interface ProxyServerOptions {
  /** Makes it speak TLS, with this certificate. */
  certificate?: CertificateKind;
  /** `user:password`; it asks for them with 407. */
  auth?: string;
}

/** An HTTP proxy that forwards and tunnels, and keeps every byte that clients send. Names below `.test` are this machine. */
export interface ProxyServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** What clients have sent, a text (latin1) a connection; of a tunnel, the CONNECT and what went through it. */
  readonly received: readonly string[];
  /** Where tunnels were asked for: `example.com:443`. */
  readonly tunnels: readonly string[];
  /** URLs that were forwarded. */
  readonly forwarded: readonly string[];
  readonly connections: number;
  close(): Promise<void>;
}

export async function proxyServer(options: ProxyServerOptions = {}): Promise<ProxyServer> {
  const log = new ProxyLog();
  const server = makeServer(options);
  const allowed = options.auth && `Basic ${Buffer.from(options.auth).toString("base64")}`;
  const refuses = ({ headers }: IncomingMessage) =>
    allowed !== undefined && headers["proxy-authorization"] !== allowed;
  server.on(options.certificate === undefined ? "connection" : "secureConnection", socket =>
    log.record(socket),
  );
  server.on("request", (incoming, answer) => {
    if (refuses(incoming)) {
      answer.writeHead(407, { "Proxy-Authenticate": 'Basic realm="x"' }).end("who?");
      return;
    }
    log.forwarded.push(incoming.url!);
    forward(incoming, answer);
  });
  server.on("connect", (incoming, socket) => {
    log.tunnels.push(incoming.url!);
    if (refuses(incoming))
      socket.end('HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n');
    else tunnel(incoming.url!, socket);
  });
  const counter = new ConnectionCounter(server);
  const port = await listenOnLoopback(server);
  const close = () => counter.close();
  return {
    url: `${options.certificate === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    port,
    received: log.received,
    tunnels: log.tunnels,
    forwarded: log.forwarded,
    get connections() {
      return counter.accepted;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

class ProxyLog {
  readonly received: string[] = [];
  readonly tunnels: string[] = [];
  readonly forwarded: string[] = [];

  record(socket: Duplex): void {
    const index = this.received.push("") - 1;
    socket.on("data", (bytes: Buffer) => {
      this.received[index] += bytes.toString("latin1");
    });
    socket.on("error", () => {});
  }
}

function makeServer({ certificate }: ProxyServerOptions): Server {
  if (certificate === undefined) return createServer();
  const { cert, key } = testCertificates()[certificate];
  return createTlsServer({ cert, key });
}

function forward(incoming: IncomingMessage, answer: ServerResponse): void {
  const url = new URL(incoming.url!);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).filter(([name]) => !name.startsWith("proxy-")),
  );
  const outgoing = request(
    {
      host: addressOf(url.hostname),
      port: url.port || 80,
      path: url.pathname + url.search,
      method: incoming.method,
      headers,
    },
    response => {
      answer.writeHead(response.statusCode!, response.headers);
      response.pipe(answer);
    },
  );
  outgoing.on("error", () => answer.writeHead(502).end());
  incoming.pipe(outgoing);
}

function tunnel(authority: string, client: Duplex): void {
  const { hostname, port } = new URL(`http://${authority}`);
  // `new URL` leaves out the port that is http's own.
  joinStreams(client, connect(Number(port || 80), addressOf(hostname)), () => {
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
  });
}

/** Carries bytes both ways, from when the server is connected; what ends one ends the other. */
export function joinStreams(client: Duplex, server: Socket, connected: () => void): void {
  server.once("connect", () => {
    connected();
    client.pipe(server).pipe(client);
  });
  client.on("error", () => server.destroy()).on("close", () => server.destroy());
  server.on("error", () => client.end()).on("close", () => client.end());
}

export function addressOf(hostname: string): string {
  return hostname.endsWith(".test") ? "127.0.0.1" : hostname.replace(/^\[|\]$/g, "");
}
