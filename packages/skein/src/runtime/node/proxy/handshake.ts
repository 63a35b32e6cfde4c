import { ProxyFailure } from "./proxy-failure.ts";

/** What follows from what a proxy has said. */
export type HandshakeStep =
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  /** It has connected us; `early` came behind its answer, and is the server's. */
  | { readonly kind: "open"; readonly early: Uint8Array }
  | { readonly kind: "failed"; readonly error: ProxyFailure };

/** Asks a proxy for a connection. */
export interface Handshake {
  /** What we say first. */
  greeting(): Uint8Array;
  /** Undefined: its answer is not whole yet. */
  receive(bytes: Uint8Array): HandshakeStep | undefined;
}

/** Of a host and its port, as it is asked for. */
export function authorityOf(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

export interface Refusal {
  /** What was asked of whom: `the proxy http://127.0.0.1:3128, asked for example.com:443`. */
  readonly asked: string;
  /** Whether it may go well another time. */
  readonly passes: boolean;
  readonly why: string;
  readonly status?: number;
}

export function refused({ asked, passes, why, status }: Refusal): HandshakeStep {
  const kind = passes ? "proxy" : "proxy-refused";
  const error = new ProxyFailure({ kind, reason: `${asked}: ${why}`, status, cause: undefined });
  return { kind: "failed", error };
}

export function asked(proxy: string, authority: string): string {
  return `the proxy ${proxy}, asked for ${authority}`;
}
