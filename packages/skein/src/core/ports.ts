import type { Clock } from "./clock.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { Files } from "./files.ts";
import type { IncomingBody } from "./incoming-body.ts";
import type { Logger } from "./logger.ts";
import type { ProxyHop, ProxyOption } from "./proxy-options.ts";
import type { Resources } from "./resources.ts";
import type { Origin } from "./url.ts";

/**
 * What the floors need of a runtime. `runtime/` implements these, `entry/` hands them in: so the same client runs on
 * sockets, in a page, and against scripted sockets in tests.
 */
export interface RuntimePorts {
  readonly clock: Clock;
  readonly connector: Connector;
  readonly decompressor: Decompressor;
  readonly text: TextPort;
  /** Where tools may look on. */
  readonly diagnostics?: Diagnostics | undefined;
  /** The logger that the environment asks for (SKEIN_LOG). */
  readonly environmentLogger?: (() => Logger | undefined) | undefined;
  readonly files: Files;
  /** What the process uses; where it is missing, nobody tells. */
  readonly resources?: Resources | undefined;
}

/** How a client trusts servers, and proves itself to them. */
export interface TlsOptions {
  /**
   * Certificates of authorities, PEM, in the place of the runtime's own. Default: those bundled with the runtime and of
   * NODE_EXTRA_CA_CERTS, and for what they do not know the system's, with SSL_CERT_FILE and SSL_CERT_DIR.
   */
  readonly ca?: Pem | undefined;
  /** This client's own certificate with its chain, PEM, for servers that ask for one; `key` goes with it. */
  readonly cert?: Pem | undefined;
  /** The private key of `cert`, PEM. */
  readonly key?: Pem | undefined;
  /** Certificate and key in one, PKCS #12, in the place of `cert` and `key`. */
  readonly pfx?: Uint8Array | undefined;
  /** Of `key` or `pfx`. */
  readonly passphrase?: string | undefined;
  /** `false` accepts any certificate, and warns once. Default: true. */
  readonly verify?: boolean | undefined;
  /** The name that the server is asked for (SNI) and must prove, in the place of the URL's host. */
  readonly serverName?: string | undefined;
  /** Default: TLSv1.2. */
  readonly minVersion?: TlsVersion | undefined;
  /** Default: TLSv1.3. */
  readonly maxVersion?: TlsVersion | undefined;
  /** In OpenSSL's words. Default: the runtime's. */
  readonly ciphers?: string | undefined;
  /**
   * SHA-256 of the public key (SPKI) of the server's certificate, in base64, as in `sha256/…`, or in hexadecimal digits; one of
   * several must match. Checked besides all else, also with `verify: false`.
   */
  readonly pin?: string | readonly string[] | undefined;
  /** Revocation lists, PEM: each certificate of a chain then needs a list of its issuer. */
  readonly crl?: Pem | undefined;
  /**
   * A check of one's own, made besides ours for each connection: an Error that it returns or throws refuses the server.
   */
  readonly checkServerIdentity?:
    | ((host: string, certificate: ServerCertificate) => Error | undefined)
    | undefined;
}

export type TlsVersion = "TLSv1.2" | "TLSv1.3" | "TLSv1.1" | "TLSv1";

type Pem = string | Uint8Array | readonly (string | Uint8Array)[];

/** A server's certificate. */
export interface ServerCertificate {
  /** Names by their attribute: `CN`, `O` … */
  readonly subject: Readonly<Record<string, string | string[] | undefined>>;
  readonly issuer: Readonly<Record<string, string | string[] | undefined>>;
  /** `DNS:example.com, IP Address:10.0.0.7` */
  readonly subjectaltname?: string | undefined;
  readonly valid_from: string;
  readonly valid_to: string;
  /** SHA-256 of the whole certificate, in hexadecimal digits with colons. */
  readonly fingerprint256: string;
  /** DER. */
  readonly raw: Uint8Array;
}

/** How a client finds and reaches hosts. */
export interface NetworkOptions {
  /**
   * Who finds the addresses of hosts: the operating system, DNS alone (which says how long its answers hold, and does not
   * ask the file `hosts`), or a function as `lookup` of node:dns is. Default: "system".
   */
  readonly lookup?: "system" | "dns" | Lookup | undefined;
  /** The address of this machine that connections come from. Default: the system's choice. */
  readonly localAddress?: string | undefined;
  /**
   * The proxy of all requests: its URL, its settings, or a list that takes turns: each new connection takes the next one; one
   * that can't be used is passed over, and beside one that takes longer than a second the next is tried. `{ http, https }` tells the schemes of URLs apart; `null` is none. An `http:` URL
   * is handed to an HTTP proxy as it stands; for `https:`, and over SOCKS, the proxy only carries bytes. Default: what the
   * environment says, see `trustEnv`.
   *
   * @example
   * new Client({ proxy: { url: "http://proxy.example:3128", auth: ["user", "password"], noProxy: ".internal.example" } });
   */
  readonly proxy?: ProxyOption | undefined;
  /**
   * Whether HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY (in lower case, too, which comes first) are heeded where no `proxy`
   * is given. They are read when the client is made; this machine itself is never reached through them. Default: true.
   */
  readonly trustEnv?: boolean | undefined;
  /** A socket of this machine (a path, as of Docker's) that all requests go to, whatever host their URL names. */
  readonly socketPath?: string | undefined;
  /**
   * Refuses to connect to private, local and reserved addresses, for programs that call URLs which others give them. It looks
   * at the address that is connected to, also after redirects. With a proxy that is the proxy's own: it is listed in `except`
   * where it is private, and where it connects to is its own matter (but for `socks5:`, whose names are looked up here).
   * Default: false.
   */
  readonly blockPrivateAddresses?: boolean | AddressGuardOptions | undefined;
  /**
   * Whether servers are asked for HTTP/2 (by ALPN, so over TLS): then many requests share one connection, each a stream
   * of its own. Those that do not have it are spoken to in HTTP/1.1. Default: true.
   */
  readonly http2?: boolean | undefined;
  /**
   * Whether servers are spoken to in HTTP/1.1. `false`: only HTTP/2, also to `http:` URLs, without asking first (RFC 9113 §3.3);
   * a server that does not have it is an UnsupportedProtocol. Default: true.
   */
  readonly http1?: boolean | undefined;
}

export interface AddressGuardOptions {
  /** Addresses and ranges that are allowed nevertheless: `["10.1.0.0/16"]`. */
  readonly except?: readonly string[] | undefined;
}

export type LookupAnswer = string | readonly { readonly address: string; readonly family?: number }[];

/** Finds the addresses of a host; answers with one, or with all. */
export type Lookup = (
  hostname: string,
  options: { readonly all: true; readonly port: number },
  callback: (error: Error | null, answer: LookupAnswer, family?: number) => void,
) => void;

/** Opens sockets. The settings that make two sockets differ (TLS, say) belong to the connector, not to the call. */
export interface Connector {
  connect(origin: Origin, events: SocketEvents): Socket;
}

/** A socket, encrypted or not. It does not keep the process alive: the pool's timer does, while calls are in flight. */
export interface Socket {
  /** Hands over latin1 text or bytes; false when the network takes no more for now (then `onDrain` follows). */
  write(data: string | Uint8Array): boolean;
  /** The two in one write. */
  writeBoth(head: string, body: Uint8Array): boolean;
  /** Sends our last byte, behind what was written; reading goes on. `sent` is called when all has been handed over. */
  end(sent?: () => void): void;
  /** Stops `onBytes`, after at most what the runtime has read already. */
  pause(): void;
  resume(): void;
  /** Closes at once. No event follows but `onClose`. */
  destroy(): void;
  /** Calls back when all else that this turn of the loop brings has been done: what was gathered can go out together. */
  afterTurn(callback: () => void): void;
  /** From now on everything is told to `events`. */
  handOver(events: SocketEvents): void;
  /** `10.0.0.7:443`, once connected. */
  readonly peer: string | undefined;
  /** The protocol that was agreed on with TLS (ALPN): `h2`. */
  readonly alpn: string | undefined;
  /** The proxy that it leads to or through; once connected. */
  readonly proxy?: ProxyHop | undefined;
}

export interface SocketEvents {
  /** A step of opening it begins; for those who measure. A step that is not needed (an address has no name) is left out. */
  onStep?(step: OpeningStep): void;
  onConnect(): void;
  /** Valid only during the call: the buffer is used again for the next read. */
  onBytes(buffer: Uint8Array, length: number): void;
  onDrain(): void;
  /** The other side has sent its last byte. */
  onEof(): void;
  /** Exactly once, and last. `failure` is the runtime's error, if one ended the socket. */
  onClose(failure: SocketFailure | undefined): void;
}

export type OpeningStep = "resolve" | "connect" | "proxy" | "tls";

/** A runtime's error, sorted: what floors decide on is `kind`; `reason` is for people. */
export interface SocketFailure {
  readonly kind:
    | "refused"
    | "unreachable"
    | "dns"
    | "tls"
    | "certificate"
    | "blocked"
    | "proxy"
    | "proxy-refused"
    | "reset"
    | "files"
    | "other";
  /** A clause for the message: "connection refused by 10.0.0.7:443". */
  readonly reason: string;
  /** With which a proxy answered. */
  readonly status?: number | undefined;
  readonly cause: unknown;
}

export interface TextPort {
  /** Bytes as latin1 text: one character a byte. */
  latin1(bytes: Uint8Array, start: number, end: number): string;
}

/** Takes content codings off. */
export interface Decompressor {
  /** The codings that this runtime decodes soundly, as an accept-encoding value: `gzip, deflate, br`. */
  readonly accepts: readonly string[];
  /**
   * The decoded body. `codings` are those of the content-encoding field in the order they were applied, all of them in
   * `accepts`. Truncated, corrupt or trailing input ends it in DecodingError; a TimeoutError that it is cancelled with, in that.
   */
  decompress(body: IncomingBody, codings: readonly string[]): IncomingBody;
}

export type HashAlgorithm = "md5" | "sha-256" | "sha-512-256";

/** Hashes bytes; the result is in lower-case hexadecimal digits. What a runtime can't do, it rejects. */
export type Hash = (algorithm: HashAlgorithm, bytes: Uint8Array) => Promise<string>;
