import { Headers } from "../../../core/headers.ts";
import { encodeFields, encodeRequestHead } from "../../../protocol/http1/request-writer.ts";
import {
  ResponseReader,
  type ResponseSink,
  type Violation,
} from "../../../protocol/http1/response-reader.ts";
import { nodeText } from "../node-text.ts";
import { asked, type Handshake, type HandshakeStep, refused } from "./handshake.ts";
import type { ProxyServer } from "./proxy.ts";

/** More than any proxy says of itself. */
const MAX_HEAD_BYTES = 64 * 1024;
const MAX_PHRASE = 100;

/** Asks an HTTP proxy for a tunnel (RFC 9110 §9.3.6). */
export class ConnectHandshake implements Handshake, ResponseSink {
  readonly #proxy: ProxyServer;
  readonly #authority: string;
  readonly #reader: ResponseReader;
  #step: HandshakeStep | undefined;

  constructor(proxy: ProxyServer, authority: string) {
    this.#proxy = proxy;
    this.#authority = authority;
    this.#reader = new ResponseReader(this, nodeText, { maxHeaderBytes: MAX_HEAD_BYTES });
  }

  greeting(): Uint8Array {
    const fields = encodeFields([["Host", this.#authority]]) + this.#proxy.fields;
    this.#reader.begin("CONNECT");
    return Buffer.from(encodeRequestHead("CONNECT", this.#authority, fields), "latin1");
  }

  receive(bytes: Uint8Array): HandshakeStep | undefined {
    this.#reader.receive(bytes, 0, bytes.length);
    return this.#step;
  }

  // ── from the codec ──

  onInterim(): void {
    // 1xx: the answer is still to come.
  }

  /** A body that is announced there is none (RFC 9110 §9.3.6): what follows is the server's. */
  onSwitch(): boolean {
    this.#step = { kind: "open", early: new Uint8Array(0) };
    return true;
  }

  onBody(bytes: Uint8Array, start: number, end: number): void {
    if (this.#step?.kind === "open") this.#step = { kind: "open", early: bytes.subarray(start, end) };
  }

  onHead(status: number, phrase: string, fieldLines: string): void {
    const said = `${status} ${phrase.slice(0, MAX_PHRASE)}`.trim();
    const scheme = Headers.fromFieldLines(fieldLines).get("proxy-authenticate")?.split(/[\s,]/)[0];
    const wants = status === 407 && scheme ? `; it asks for ${scheme} credentials` : "";
    this.#refuse({ passes: passes(status), why: `it answered ${said}${wants}`, status });
  }

  onEnd(): void {
    // Of a refusal: that it has ended tells nothing new.
  }

  onError({ detail }: Violation): void {
    this.#refuse({ passes: false, why: `its answer can't be used: ${detail}` });
  }

  #refuse(facts: { passes: boolean; why: string; status?: number }): void {
    this.#step ??= refused({ asked: asked(this.#proxy.name, this.#authority), ...facts });
  }
}

/** A status that says "not now". */
function passes(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}
