import * as net from "node:net";
import { InvalidOption } from "../../../core/errors.ts";
import type { NetworkOptions } from "../../../core/ports.ts";
import { type AddressGuard, addressGuard, BlockedAddress } from "./address-guard.ts";
import { type Address, ConnectRace } from "./connect-race.ts";
import type { Reads } from "./opener.ts";
import { Resolver } from "./resolver.ts";

/** To where a socket is opened. */
export interface Target {
  readonly hostname: string;
  readonly port: number;
}

/** What Node is told of one attempt: where to, and from where; or the socket that there is already. */
export type Attempt = Readonly<Record<string, unknown>> & { readonly socket?: net.Socket | undefined };

export interface TcpEvents {
  onStep(step: "resolve" | "connect" | "proxy"): void;
  /** There is a connection; what goes over it is for others to say. */
  onConnect(socket: net.Socket, reads?: Reads): void;
  onFailure(error: Error): void;
}

/** A way to hosts: straight, or through a proxy. */
export interface Wire {
  /**
   * @param make opens one socket, with what it is told to and what is its own: `net.connect`, `tls.connect`
   * @returns gives up: no event follows
   */
  open(target: Target, make: (attempt: Attempt) => net.Socket, events: TcpEvents): () => void;
}

interface ResolveEvents {
  onStep(step: "resolve"): void;
  onResolved(addresses: readonly Address[]): void;
  onFailure(error: Error): void;
}

/**
 * Node copies what it is given into ordinary objects, and looks up in them what it was not given: whatever stands on
 * `Object.prototype` would then decide where to (`path` is a socket of this machine), and from where.
 */
export const NOT_GIVEN = {
  path: undefined,
  fd: undefined,
  handle: undefined,
  socket: undefined,
  lookup: undefined,
  hints: undefined,
  family: undefined,
  localAddress: undefined,
  localPort: undefined,
  signal: undefined,
  timeout: undefined,
};

/** Connects to hosts: finds their addresses, looks whether they are allowed, and takes the one that answers first. */
export class TcpOpener implements Wire {
  readonly #resolver: Resolver;
  readonly #guard: AddressGuard | undefined;
  readonly #localAddress: string | undefined;
  readonly #socketPath: string | undefined;

  /** @throws InvalidOption naming what can't be used */
  constructor(options: NetworkOptions) {
    const { lookup, localAddress, socketPath, blockPrivateAddresses } = options;
    if (localAddress !== undefined && net.isIP(localAddress) === 0)
      throw new InvalidOption(`localAddress: expected an IP address; got ${JSON.stringify(localAddress)}`);
    if (socketPath !== undefined && (typeof socketPath !== "string" || socketPath === ""))
      throw new InvalidOption("socketPath: expected the path of a socket of this machine");
    this.#resolver = new Resolver(lookup);
    this.#guard = addressGuard(blockPrivateAddresses);
    this.#localAddress = localAddress;
    this.#socketPath = socketPath;
    if (this.#guard !== undefined && socketPath !== undefined)
      throw new InvalidOption(
        "blockPrivateAddresses: socketPath leads to this very machine; leave one of them out",
      );
  }

  open(target: Target, make: (attempt: Attempt) => net.Socket, events: TcpEvents): () => void {
    let stopRace: (() => void) | undefined;
    const connectTo = (addresses: readonly Address[]) => {
      events.onStep("connect");
      const race = new ConnectRace(addresses, address => make(this.#attempt(target, address)), {
        onWon: socket => events.onConnect(socket),
        onLost: error => {
          this.#resolver.forget(target.hostname, target.port);
          events.onFailure(error);
        },
      });
      stopRace = () => race.stop();
    };
    if (this.#socketPath !== undefined) {
      connectTo([{ address: "", family: 4 }]);
      return () => stopRace?.();
    }
    const stopResolving = this.resolve(target, {
      onStep: step => events.onStep(step),
      onResolved: connectTo,
      onFailure: error => events.onFailure(error),
    });
    return () => {
      stopResolving();
      stopRace?.();
    };
  }

  /**
   * The addresses of a host that may be connected to: one at least.
   *
   * @returns gives up: no event follows
   */
  resolve({ hostname, port }: Target, events: ResolveEvents): () => void {
    let givenUp = false;
    if (net.isIP(hostname) === 0) events.onStep("resolve");
    this.#resolver.resolve(hostname, port, (error, addresses) => {
      if (givenUp) return;
      const [allowed, refusal] = this.#allowed(hostname, addresses);
      const failure = error ?? refusal;
      if (failure === undefined) events.onResolved(allowed);
      // Never within the call that began it.
      else queueMicrotask(() => !givenUp && events.onFailure(failure));
    });
    return () => {
      givenUp = true;
    };
  }

  #attempt({ port }: Target, { address, family }: Address): Attempt {
    if (this.#socketPath !== undefined) return { ...NOT_GIVEN, path: this.#socketPath, noDelay: true };
    return { ...NOT_GIVEN, host: address, family, port, localAddress: this.#localAddress, noDelay: true };
  }

  /** Those that may be connected to; an error where there are none of them. */
  #allowed(hostname: string, addresses: readonly Address[]): [readonly Address[], Error | undefined] {
    if (addresses.length === 0) return [addresses, undefined];
    const family = this.#localAddress === undefined ? undefined : net.isIP(this.#localAddress);
    const reachable = addresses.filter(address => family === undefined || address.family === family);
    if (reachable.length === 0) {
      const text = `${hostname} has no address of the family of localAddress, ${this.#localAddress}`;
      return [reachable, new BlockedAddress(text)];
    }
    const guard = this.#guard;
    const allowed = guard === undefined ? reachable : reachable.filter(guard);
    if (allowed.length > 0) return [allowed, undefined];
    const list = reachable.map(({ address }) => address).join(", ");
    const what = list === hostname ? list : `${hostname} (${list})`;
    return [
      allowed,
      new BlockedAddress(`${what} is a private or reserved address, and blockPrivateAddresses is on`),
    ];
  }
}
