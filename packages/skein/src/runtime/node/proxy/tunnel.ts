import type { Socket } from "node:net";
import type { Opener } from "../sockets/opener.ts";
import { socketFailure } from "../sockets/socket-failure.ts";
import {
  type Attempt,
  NOT_GIVEN,
  type Target,
  type TcpEvents,
  type TcpOpener,
  type Wire,
} from "../sockets/tcp-opener.ts";
import { ConnectHandshake } from "./connect-handshake.ts";
import { asked, authorityOf, type Handshake } from "./handshake.ts";
import type { ProxyServer } from "./proxy.ts";
import { ProxyFailure } from "./proxy-failure.ts";
import { SocksHandshake } from "./socks-handshake.ts";

/** The way to hosts through one proxy, which connects to them and then only carries bytes. */
export class Tunnel implements Wire {
  readonly #setup: TunnelSetup;

  constructor(setup: TunnelSetup) {
    this.#setup = setup;
  }

  open(target: Target, make: (attempt: Attempt) => Socket, events: TcpEvents): () => void {
    const opening = new TunnelOpening(this.#setup, target, {
      ...events,
      onConnect: socket => events.onConnect(make({ ...NOT_GIVEN, socket }), "events"),
    });
    return () => opening.stop();
  }
}

interface TunnelSetup {
  readonly proxy: ProxyServer;
  /** Opens sockets to the proxy itself. */
  readonly reach: Opener;
  /** Finds addresses, where that is not the proxy's part. */
  readonly names: TcpOpener;
}

class TunnelOpening {
  readonly #setup: TunnelSetup;
  readonly #target: Target;
  readonly #events: TcpEvents;
  #stop: () => void = () => {};
  /** Addresses that are still to be tried, each with a connection of its own: a proxy connects once. */
  #hosts: string[] = [];

  constructor(setup: TunnelSetup, target: Target, events: TcpEvents) {
    this.#setup = setup;
    this.#target = target;
    this.#events = events;
    if (setup.proxy.scheme === "socks5") this.#resolve();
    else this.#reach(target.hostname);
  }

  stop(): void {
    this.#stop();
  }

  /** For `socks5:` the name is looked up here, and its addresses are looked at. */
  #resolve(): void {
    this.#stop = this.#setup.names.resolve(this.#target, {
      onStep: step => this.#events.onStep(step),
      onResolved: addresses => {
        const [first, ...others] = addresses.map(({ address }) => address);
        this.#hosts = others;
        this.#reach(first!);
      },
      onFailure: error => this.#events.onFailure(error),
    });
  }

  #reach(host: string): void {
    const { proxy, reach } = this.#setup;
    this.#stop = reach.open(proxy.origin, undefined, {
      // The handshake with the proxy begins with TLS, where it speaks that.
      onStep: step => this.#events.onStep(step === "tls" ? "proxy" : step),
      onOpen: socket => this.#shakeHands(socket, host),
      onFailure: error => this.#events.onFailure(unreachable(proxy, error)),
    });
  }

  #shakeHands(socket: Socket, host: string): void {
    const { proxy } = this.#setup;
    if (proxy.scheme !== "https") this.#events.onStep("proxy");
    const authority = authorityOf(host, this.#target.port);
    const handshake = handshakeWith(proxy, host, this.#target.port);
    const done = () => {
      socket.off("data", onData).off("error", onError).off("close", onClose).off("end", onClose);
      // Whoever has it next hears of its end by themselves.
      socket.on("error", () => {});
    };
    const fail = (error: ProxyFailure) => {
      done();
      socket.destroy();
      this.#failed(error);
    };
    const onError = (error: Error) => fail(broken(proxy, authority, error));
    const onClose = () => fail(broken(proxy, authority, undefined));
    const onData = (bytes: Uint8Array) => {
      const step = handshake.receive(bytes);
      if (step?.kind === "send") socket.write(step.bytes);
      else if (step?.kind === "failed") fail(step.error);
      else if (step?.kind === "open") {
        done();
        socket.pause();
        if (step.early.length > 0) socket.unshift(step.early);
        this.#events.onConnect(socket);
      }
    };
    this.#stop = () => {
      done();
      socket.destroy();
    };
    socket.on("data", onData).on("error", onError).on("close", onClose).on("end", onClose);
    socket.write(handshake.greeting());
  }

  #failed(error: ProxyFailure): void {
    const next = error.failure.kind === "proxy" ? this.#hosts.shift() : undefined;
    if (next === undefined) this.#events.onFailure(error);
    else this.#reach(next);
  }
}

function handshakeWith(proxy: ProxyServer, host: string, port: number): Handshake {
  if (proxy.scheme.startsWith("socks")) return new SocksHandshake(proxy, host, port);
  return new ConnectHandshake(proxy, authorityOf(host, port));
}

/** There is no connection to the proxy. */
export function unreachable(proxy: ProxyServer, error: Error): ProxyFailure {
  const { hostname, port } = proxy.origin;
  const failure = socketFailure(error, authorityOf(hostname, port));
  // Who is trusted, what is blocked and how many files there are is our side's matter, not the proxy's.
  const ours = failure.kind === "certificate" || failure.kind === "blocked" || failure.kind === "files";
  const kind = ours ? failure.kind : "proxy";
  return new ProxyFailure({ kind, reason: `the proxy ${proxy.name}: ${failure.reason}`, cause: error });
}

function broken(proxy: ProxyServer, authority: string, error: Error | undefined): ProxyFailure {
  const { hostname, port } = proxy.origin;
  const why =
    error === undefined
      ? "it closed the connection without an answer"
      : socketFailure(error, authorityOf(hostname, port)).reason;
  return new ProxyFailure({ kind: "proxy", reason: `${asked(proxy.name, authority)}: ${why}`, cause: error });
}
