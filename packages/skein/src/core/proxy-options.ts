import type { TlsOptions } from "./ports.ts";

/** A proxy, and how it is spoken to. */
export interface ProxySettings {
  /**
   * `http://host:3128`, `https://…` (encrypted on the way to the proxy, too), `socks5://…` (names are looked up here) or
   * `socks5h://…` (by the proxy). The port is 80, 443 or 1080 where none is given; `user:password@` works as `auth` does.
   */
  readonly url: string | URL;
  /** User name and password: sent to this proxy, and to nobody else. */
  readonly auth?: readonly [username: string, password: string] | undefined;
  /** Sent to this proxy with each CONNECT, and with each request that it forwards. Not for SOCKS. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How an `https:` proxy is trusted; the client's own `tls` is for servers. Default: the runtime's and the system's roots. */
  readonly tls?: TlsOptions | undefined;
  /** What this proxy is not used for, written as the variable NO_PROXY is: `"localhost,.internal.example,10.0.0.0/8"`. */
  readonly noProxy?: string | undefined;
}

type OneProxy = string | URL | ProxySettings;

/** A proxy, or several that take turns; `null` and `false`: none. */
type ProxyList = OneProxy | readonly OneProxy[] | null | false;

export type ProxyOption = ProxyList | { readonly http?: ProxyList; readonly https?: ProxyList };

/** The proxy at the other end of a connection, for what is sent over it. */
export interface ProxyHop {
  /** Without user name and password. */
  readonly name: string;
  /** Whether it reads the requests, and sends them on; else it does not see them. */
  readonly forwards: boolean;
  /** Field lines for it, with its credentials, in each request that it forwards. */
  readonly fields: string;
}
