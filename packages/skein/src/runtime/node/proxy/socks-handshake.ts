import { Socks5Client, type SocksStep } from "../../../protocol/socks5/socks5-client.ts";
import { addressBytes } from "./address-bytes.ts";
import { asked, authorityOf, type Handshake, type HandshakeStep, refused } from "./handshake.ts";
import type { ProxyServer } from "./proxy.ts";

/** Asks a SOCKS proxy for a connection. */
export class SocksHandshake implements Handshake {
  readonly #socks: Socks5Client;
  readonly #asked: string;

  constructor(proxy: ProxyServer, host: string, port: number) {
    this.#socks = new Socks5Client({ host: addressBytes(host) ?? host, port }, proxy.credentials);
    this.#asked = asked(proxy.name, authorityOf(host, port));
  }

  greeting(): Uint8Array {
    return this.#socks.greeting();
  }

  receive(bytes: Uint8Array): HandshakeStep | undefined {
    const step = this.#socks.receive(bytes);
    return step?.kind === "refused" ? this.#refused(step) : step;
  }

  #refused({ why, detail }: Extract<SocksStep, { kind: "refused" }>): HandshakeStep {
    const text = why === "broken" ? `its answer can't be used: ${detail}` : detail;
    return refused({ asked: this.#asked, passes: why === "later", why: text });
  }
}
