import type { SecureContext } from "node:tls";
import type { TlsOptions } from "../../../../core/ports.ts";
import { secureContext, tls } from "./secure-context.ts";

/** OpenSSL's codes for a chain that leads to nobody we know. */
const UNKNOWN_ISSUER = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

let allRoots: readonly string[] | undefined;

/**
 * Who is trusted. The runtime's own roots are at hand at once; to read the system's takes a fifth of a second. So that is
 * done when a server shows a certificate whose issuer the first ones do not know, and the connection is made anew.
 */
export class Trust {
  readonly #options: TlsOptions;
  #context: SecureContext | undefined;
  #knowsAll: boolean;

  constructor(options: TlsOptions) {
    this.#options = options;
    this.#knowsAll = options.ca !== undefined || options.verify === false;
  }

  get context(): SecureContext {
    this.#context ??= secureContext(this.#options, this.#knowsAll ? allRoots : undefined);
    return this.#context;
  }

  /** Whether it makes sense to try again what failed with `error`: then `context` knows more than `used`. */
  learnsFrom(error: Error & { code?: string }, used: SecureContext): boolean {
    if (!UNKNOWN_ISSUER.has(error.code ?? "")) return false;
    if (!this.#knowsAll) {
      this.#knowsAll = true;
      allRoots ??= [
        ...new Set([...tls().getCACertificates("default"), ...tls().getCACertificates("system")]),
      ];
      this.#context = undefined;
    }
    return this.context !== used;
  }
}
