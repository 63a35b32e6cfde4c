import { createServer } from "node:https";
import { type OriginOptions, type OriginServer, startOrigin } from "./origin-server.ts";
import { type CertificateKind, testCertificates } from "./test-certificates.ts";

export interface TlsOriginOptions extends OriginOptions {
  /** The certificate that it shows. Default: the valid one. */
  certificate?: CertificateKind;
}

/** An origin that speaks TLS; trusted by those who trust `testCertificates().ca`. */
export function tlsOriginServer(options: TlsOriginOptions = {}): Promise<OriginServer> {
  const { cert, key } = testCertificates()[options.certificate ?? "valid"];
  return startOrigin(listener => createServer({ cert, key }, listener), "https", options);
}
