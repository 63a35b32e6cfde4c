import { isIP } from "node:net";
import type { ConnectionOptions, SecureContext, TLSSocket } from "node:tls";
import { InvalidOption } from "../../../../core/errors.ts";
import type { TlsOptions } from "../../../../core/ports.ts";
import type { Origin } from "../../../../core/url.ts";
import type { OnRead, Opener, OpeningEvents, Reads } from "../opener.ts";
import type { Wire } from "../tcp-opener.ts";
import { type IdentityCheck, identityCheck, type Shown, shownBy } from "./identity.ts";
import { logKeys, warnOnce } from "./key-log.ts";
import { checkTlsOptions, needsCheck, tls } from "./secure-context.ts";
import { type Session, SessionCache } from "./session-cache.ts";
import { Trust } from "./trust.ts";

/** Opens encrypted sockets, all with the same options: what may differ between two of them is their origin alone. */
export class TlsOpener implements Opener {
  readonly #wire: Wire;
  /** What servers may choose from (ALPN, RFC 7301), the best first. */
  readonly #protocols: string[];
  readonly #options: TlsOptions;
  readonly #trust: Trust;
  readonly #verify: boolean;
  readonly #serverName: string | undefined;
  readonly #check: IdentityCheck;
  readonly #sessions = new SessionCache();

  /**
   * @param how `protocols` are for the server to choose from (ALPN)
   * @throws InvalidOption naming what can't be used
   */
  constructor(
    options: TlsOptions,
    wire: Wire,
    { protocols, trust }: { protocols: string[]; trust: Trust | undefined },
  ) {
    this.#protocols = protocols;
    checkTlsOptions(options);
    this.#wire = wire;
    this.#options = options;
    this.#trust = trust ?? new Trust(options);
    this.#verify = options.verify ?? true;
    this.#serverName = canonicalName(options.serverName);
    this.#check = identityCheck(options);
    if (needsCheck(options)) void this.#trust.context;
    if (!this.#verify)
      warnOnce(
        "certificates are not checked (tls.verify is false): who stands in between can read and change all that is sent",
      );
  }

  /**
   * The same over another way. What is dear to make is shared, sessions are not: they would tell a server that both ways lead
   * to one client.
   */
  over(wire: Wire): TlsOpener {
    return new TlsOpener(this.#options, wire, { protocols: this.#protocols, trust: this.#trust });
  }

  open(origin: Origin, onread: OnRead | undefined, events: OpeningEvents): () => void {
    let stop = this.#try(origin, onread, {
      ...events,
      onStep: step => events.onStep(step),
      onFailure: (error, used) => {
        if (!this.#trust.learnsFrom(error, used)) return events.onFailure(error);
        // Its steps were told already, and are taken once more.
        stop = this.#try(origin, onread, { ...events, onStep: () => {}, onFailure: events.onFailure });
      },
      onOpen: events.onOpen,
    });
    return () => stop();
  }

  #try(origin: Origin, onread: OnRead | undefined, events: TryEvents): () => void {
    const host = this.#serverName ?? origin.hostname;
    const key = `${origin.key} ${host}`;
    const { context } = this.#trust;
    const session = this.#sessions.get(key);
    const make = (attempt: object) =>
      tls().connect({
        ...attempt,
        // RFC 6066 §3: no server name for an address.
        servername: isIP(host) === 0 ? host : "",
        ALPNProtocols: origin.onlyHttp1 === true ? ["http/1.1"] : this.#protocols,
        rejectUnauthorized: this.#verify,
        secureContext: context,
        session: session?.ticket,
        // Names are checked below, for each connection: Node would leave it out where a session is resumed.
        checkServerIdentity: () => undefined,
        onread,
      } as ConnectionOptions);
    let secure: TLSSocket | undefined;
    const failed = (error: Error) => {
      this.#sessions.delete(key);
      events.onFailure(error, context);
    };
    const stop = this.#wire.open(origin, make, {
      onStep: step => events.onStep(step),
      onConnect: (socket, reads = "buffer") => {
        secure = socket as TLSSocket;
        secure.setNoDelay(true);
        this.#handshake(secure, { key, host, session, reads }, { ...events, onFailure: failed });
      },
      onFailure: failed,
    });
    return () => {
      stop();
      secure?.removeAllListeners().on("error", () => {});
      secure?.destroy();
    };
  }

  #handshake(socket: TLSSocket, peer: Peer, events: OpeningEvents): void {
    events.onStep("tls");
    logKeys(socket);
    const refusal = this.#refusal(socket, peer);
    const failed = (error: Error) => {
      socket.removeAllListeners().on("error", () => {});
      socket.destroy();
      events.onFailure(error);
    };
    const closed = () =>
      failed(Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" }));
    socket.once("error", failed).once("close", closed);
    socket.once("secureConnect", () => {
      socket.off("error", failed).off("close", closed);
      const error = refusal();
      if (error !== undefined) return failed(error);
      events.onOpen(socket, peer.reads);
    });
  }

  /** Checks who the server is; only a session with one that is accepted is kept. */
  #refusal(socket: TLSSocket, { key, host, session }: Peer): () => Error | undefined {
    let accepted: Shown | undefined;
    let ticket: Uint8Array | undefined;
    const keep = () => {
      if (accepted !== undefined && ticket !== undefined)
        this.#sessions.set(key, { ticket, shown: accepted });
    };
    socket.on("session", fresh => {
      ticket = fresh;
      keep();
    });
    return () => {
      const shown =
        session !== undefined && socket.isSessionReused() ? session.shown : shownBy(socket, this.#options);
      const error = this.#check(host, shown);
      if (error === undefined) accepted = shown;
      keep();
      return error;
    };
  }
}

interface TryEvents extends Omit<OpeningEvents, "onFailure"> {
  onFailure(error: Error, used: SecureContext): void;
}

/** With whom a connection is made. */
interface Peer {
  readonly key: string;
  /** The name that it must prove. */
  readonly host: string;
  readonly session: Session | undefined;
  readonly reads: Reads;
}

/** As it is resolved and compared: in ASCII and lower case. */
function canonicalName(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const url = typeof name === "string" && !/[/?#@:\\]/.test(name) ? URL.parse(`https://${name}/`) : null;
  if (url === null || url.hostname === "" || !/^[\x21-\x7e]+$/.test(url.hostname))
    throw new InvalidOption(`tls.serverName: expected a host name; got ${JSON.stringify(name)}`);
  return url.hostname;
}
