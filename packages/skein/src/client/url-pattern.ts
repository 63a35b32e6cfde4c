import { InvalidOption } from "../core/errors.ts";
import type { Origin } from "../core/url.ts";

/**
 * Which origins a pattern such as `https://*.example.com:8443` speaks of; HTTPX's rules:
 *
 *   all://                  every one; http:// and https:// those of a scheme
 *   all://example.com       a host, at any port
 *   all://*.example.com     the names below it, not itself
 *   all://*example.com      itself and the names below it
 *   all://*:8080            a port
 */
const FORM = /^(all|https?):\/\/([^/?#@]*?)(?::(\d{1,5}))?$/i;

export class UrlPattern {
  /** "" for all. */
  readonly #scheme: string;
  /** "", or as `new URL()` gives it, with its asterisk. */
  readonly #host: string;
  readonly #port: number | undefined;

  /** @throws InvalidOption when it is no pattern */
  constructor(pattern: string) {
    const [, scheme, host, port] = FORM.exec(pattern) ?? refuse(pattern);
    this.#scheme = scheme!.toLowerCase().replace("all", "");
    this.#host = host === "" || host === "*" ? "" : hostnameOf(host!, pattern);
    this.#port = port === undefined ? undefined : Number(port);
  }

  matches({ scheme, hostname, port }: Origin): boolean {
    if (this.#scheme !== "" && this.#scheme !== scheme) return false;
    return (this.#port === undefined || this.#port === port) && this.#matchesHost(hostname);
  }

  /** For a sort that puts the more specific one first: a port, then the longer host, then a scheme. */
  static compare(a: UrlPattern, b: UrlPattern): number {
    const byPort = Number(b.#port !== undefined) - Number(a.#port !== undefined);
    return byPort || b.#hostWeight - a.#hostWeight || b.#scheme.length - a.#scheme.length;
  }

  /** A name outweighs a shorter one, and the same one with an asterisk. */
  get #hostWeight(): number {
    const name = this.#host.replace("*", "");
    return 2 * name.length + Number(name === this.#host);
  }

  #matchesHost(hostname: string): boolean {
    const host = this.#host;
    if (host === "" || host === hostname) return true;
    if (host.startsWith("*.")) return hostname.endsWith(host.slice(1));
    if (!host.startsWith("*")) return false;
    const name = host.slice(1);
    return hostname === name || hostname.endsWith(`.${name}`);
  }
}

function hostnameOf(host: string, pattern: string): string {
  const name = host.replace(/^\*/, "");
  if (name.includes("*") || !URL.canParse(`http://${host}/`)) return refuse(pattern);
  return new URL(`http://${host}/`).hostname.replace(/^\[|\]$/g, "");
}

function refuse(pattern: string): never {
  throw new InvalidOption(
    `mounts: ${JSON.stringify(pattern)} is no pattern; expected one such as "all://", "https://*.example.com" or "http://localhost:8080"`,
  );
}
