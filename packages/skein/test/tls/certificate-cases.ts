import {
  type CertificateKind,
  expect,
  onTestFinished,
  proxyServer,
  socksServer,
  testCertificates,
} from "@skein/testkit";
import { CertificateError, type Client, type ClientOptions, type SkeinError } from "../../src/entry/node.ts";

const certificates = testCertificates();
const { ca } = certificates;

/** A server's certificate, and what is to come of it. */
export interface Case {
  readonly certificate: CertificateKind;
  readonly tls?: ClientOptions["tls"];
  /** What the message says; undefined: accepted. */
  readonly refused?: RegExp;
  /** What the server shows besides its certificate. */
  readonly chain?: CertificateKind;
  readonly host?: string;
}

export const CASES: Readonly<Record<string, Case>> = {
  "valid, by its name": { certificate: "valid" },
  "valid, by its address": { certificate: "valid", host: "127.0.0.1" },
  expired: { certificate: "expired", refused: /it has expired/ },
  "not yet valid": { certificate: "notYetValid", refused: /it is not valid yet/ },
  "self-signed": { certificate: "selfSigned", refused: /it is self-signed/ },
  "self-signed, and trusted": { certificate: "selfSigned", tls: { ca: certificates.selfSigned.cert } },
  "for another host": { certificate: "wrongHost", refused: /wrong host, it is for somewhere-else\.test/ },
  "for another host, which is asked for": {
    certificate: "wrongHost",
    tls: { ca, serverName: "Somewhere-Else.test" },
  },
  "of an unknown issuer": { certificate: "untrusted", refused: /its issuer is unknown|self-signed/ },
  "of an intermediate that is missing": { certificate: "ofIntermediate", refused: /issuer is unknown/ },
  "of an intermediate that is shown": { certificate: "ofIntermediate", chain: "intermediate" },
  "with its host as a URI": { certificate: "uriOnly", refused: /names no host/ },
  "with its host as the common name": { certificate: "commonNameOnly", refused: /names no host/ },
  "with a wildcard": { certificate: "wildcard", tls: { ca, serverName: "a.wild.test" } },
  "with a wildcard, two labels": {
    certificate: "wildcard",
    tls: { ca, serverName: "a.b.wild.test" },
    refused: /wrong host, it is for \*\.wild\.test/,
  },
  "with a wildcard, no label": {
    certificate: "wildcard",
    tls: { ca, serverName: "wild.test" },
    refused: /wrong host/,
  },
  "of a client": { certificate: "client", refused: /not meant for servers/ },
  revoked: { certificate: "revoked", tls: { ca, crl: certificates.crl }, refused: /it has been revoked/ },
  "revoked, and no list given": { certificate: "revoked" },
  "not revoked": { certificate: "valid", tls: { ca, crl: certificates.crl } },
};

/** What a server shows, and its key. */
export function shownBy({ certificate, chain }: Case): { readonly cert: string; readonly key: string } {
  const { cert, key } = certificates[certificate];
  return { cert: chain === undefined ? cert : cert + certificates[chain].cert, key };
}

/** How a call ends: its text, or its error. */
export async function outcome(client: Client, url: string): Promise<string | SkeinError> {
  return client
    .get(url)
    .text()
    .catch((error: SkeinError) => error);
}

export function expectOutcome(result: string | SkeinError, { refused }: Case): void {
  if (refused === undefined) return expect(result).toBe("ok");
  expect(result).toBeInstanceOf(CertificateError);
  const error = result as SkeinError;
  expect(error).toMatchObject({ code: "CERTIFICATE_INVALID", phase: "tls", requestSent: "none" });
  expect(error.message).toMatch(refused);
  expect(error.message).toMatch(/the certificate of (localhost|127\.0\.0\.1):\d+ is refused/);
  expect(error.message).not.toMatch(/verify|insecure|reject/i);
}

/** A proxy that ends with the test, and how a client is told of it. */
export async function startProxy(kind: string) {
  const server = await (kind.startsWith("socks")
    ? socksServer()
    : proxyServer(kind === "https" ? { certificate: "valid" } : {}));
  onTestFinished(() => server.close());
  const url = `${kind}://127.0.0.1:${server.port}`;
  return { server, settings: { url, ...(kind === "https" && { tls: { ca } }) } };
}
