import { isIP } from "node:net";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { InvalidOption } from "../../../core/errors.ts";
import type { TlsOptions } from "../../../core/ports.ts";
import type { Origin } from "../../../core/url.ts";
import { NOT_GIVEN, type OnRead, type Opened } from "../opened-socket.ts";
import { type IdentityCheck, identityCheck, type Shown, shownBy } from "./identity.ts";
import { logKeys, warnOnce } from "./key-log.ts";
import { needsCheck, tls } from "./secure-context.ts";
import { type Session, SessionCache } from "./session-cache.ts";
import { Trust } from "./trust.ts";

/** Opens encrypted sockets, all with the same options: what may differ between two of them is their origin alone. */
export class TlsOpener {
  readonly #options: TlsOptions;
  readonly #trust: Trust;
  readonly #verify: boolean;
  readonly #serverName: string | undefined;
  readonly #check: IdentityCheck;
  readonly #sessions = new SessionCache();

  /** @throws InvalidOption naming what can't be used */
  constructor(options: TlsOptions) {
    this.#options = options;
    this.#trust = new Trust(options);
    this.#verify = options.verify ?? true;
    this.#serverName = canonicalName(options.serverName);
    this.#check = identityCheck(options);
    if (needsCheck(options)) void this.#trust.context;
    if (!this.#verify)
      warnOnce(
        "certificates are not checked (tls.verify is false): who stands in between can read and change all that is sent",
      );
  }

  open(origin: Origin, onread: OnRead): Opened {
    const host = this.#serverName ?? origin.hostname;
    const key = `${origin.key} ${host}`;
    const { context } = this.#trust;
    const session = this.#sessions.get(key);
    const socket = tls().connect({
      ...NOT_GIVEN,
      host: origin.hostname,
      port: origin.port,
      // RFC 6066 §3: no server name for an address.
      servername: isIP(host) === 0 ? host : "",
      ALPNProtocols: ["http/1.1"],
      rejectUnauthorized: this.#verify,
      secureContext: context,
      session: session?.ticket,
      // Names are checked below, for each connection: Node would leave it out where a session is resumed.
      checkServerIdentity: () => undefined,
      onread,
    } as ConnectionOptions);
    socket.setNoDelay(true);
    logKeys(socket);
    return {
      socket,
      connected: "secureConnect",
      refusal: this.#refusal(socket, { key, host, session }),
      opensAgain: error => {
        this.#sessions.delete(key);
        return this.#trust.learnsFrom(error, context);
      },
    };
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

/** With whom a connection is made. */
interface Peer {
  readonly key: string;
  /** The name that it must prove. */
  readonly host: string;
  readonly session: Session | undefined;
}

/** As it is resolved and compared: in ASCII and lower case. */
function canonicalName(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const url = typeof name === "string" && !/[/?#@:\\]/.test(name) ? URL.parse(`https://${name}/`) : null;
  if (url === null || url.hostname === "" || !/^[\x21-\x7e]+$/.test(url.hostname))
    throw new InvalidOption(`tls.serverName: expected a host name; got ${JSON.stringify(name)}`);
  return url.hostname;
}
