import { createServer } from "node:https";
import type { TlsOptions as TlsServerOptions } from "node:tls";
import { type OriginOptions, type OriginServer, startOrigin } from "./origin-server.ts";
import { type CertificateKind, testCertificates } from "./test-certificates.ts";

export interface TlsOriginOptions extends OriginOptions {
  /** The certificate that it shows. Default: the valid one. */
  certificate?: CertificateKind;
  /** What of `node:tls`' server options is not the default: versions, `requestCert`, a chain … */
  tls?: TlsServerOptions;
}

/** An origin that speaks TLS; trusted by those who trust `testCertificates().ca`. */
export function tlsOriginServer(options: TlsOriginOptions = {}): Promise<OriginServer> {
  const { cert, key } = testCertificates()[options.certificate ?? "valid"];
  return startOrigin(listener => createServer({ cert, key, ...options.tls }, listener), "https", options);
}
