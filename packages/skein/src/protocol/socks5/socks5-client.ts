/**
 * The client's side of SOCKS 5 (RFC 1928) with user name and password (RFC 1929), until the proxy has connected: bytes in,
 * steps out. It takes no byte more than the proxy's answers have: what follows is the server's.
 */

/** Where the proxy is to connect to. */
export interface SocksDestination {
  /** An address of 4 or 16 bytes, or a name in ASCII, which the proxy looks up. */
  readonly host: Uint8Array | string;
  readonly port: number;
}

export interface SocksCredentials {
  /** 1 to 255 bytes each. */
  readonly username: Uint8Array;
  readonly password: Uint8Array;
}

export type SocksStep =
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  /** It is connected; `early` is what came behind the answer. */
  | { readonly kind: "open"; readonly early: Uint8Array }
  | { readonly kind: "refused"; readonly why: SocksRefusal; readonly detail: string };

/** `later`: another time, or to another address, it may go well. `broken`: what it says is no SOCKS 5. */
type SocksRefusal = "credentials" | "never" | "later" | "broken";

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const USER_PASSWORD = 2;
const NOTHING_ACCEPTABLE = 0xff;
const CONNECT = 1;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

/** RFC 1928 §6. */
const REPLIES: readonly (readonly [SocksRefusal, string])[] = [
  ["broken", "succeeded"],
  ["later", "general failure"],
  ["never", "not allowed by its rules"],
  ["later", "network unreachable"],
  ["later", "host unreachable"],
  ["later", "connection refused"],
  ["later", "TTL expired"],
  ["never", "command not supported"],
  ["never", "address type not supported"],
];

export class Socks5Client {
  readonly #destination: SocksDestination;
  readonly #credentials: SocksCredentials | undefined;
  #awaits: "method" | "status" | "reply" = "method";
  #received: Uint8Array = new Uint8Array(0);

  constructor(destination: SocksDestination, credentials?: SocksCredentials) {
    this.#destination = destination;
    this.#credentials = credentials;
  }

  /** What the client says first: the methods of authentication that it knows. */
  greeting(): Uint8Array {
    const methods =
      this.#credentials === undefined ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, USER_PASSWORD];
    return Uint8Array.of(VERSION, methods.length, ...methods);
  }

  /** Takes what the proxy has sent. Undefined: its answer is not whole yet. */
  receive(bytes: Uint8Array): SocksStep | undefined {
    this.#received = joined(this.#received, bytes);
    switch (this.#awaits) {
      case "method":
        return this.#received.length < 2 ? undefined : this.#readMethod(this.#take(2));
      case "status":
        return this.#received.length < 2 ? undefined : this.#readStatus(this.#take(2));
      case "reply":
        return this.#readReply();
    }
  }

  #readMethod([version = 0, method = 0]: Uint8Array): SocksStep {
    if (version !== VERSION) return broken(`its answer begins with ${version}, not with 5`);
    // Nobody may speak before asked: what came along would be taken for the answer to what we have not said.
    if (this.#received.length > 0) return broken("it says more than it was asked");
    if (method === NO_AUTHENTICATION) return this.#connect();
    if (method === USER_PASSWORD && this.#credentials !== undefined) {
      this.#awaits = "status";
      const { username, password } = this.#credentials;
      const bytes = [1, username.length, ...username, password.length, ...password];
      return { kind: "send", bytes: Uint8Array.from(bytes) };
    }
    if (method !== NOTHING_ACCEPTABLE) return broken(`it chose method ${method}, which was not offered`);
    const detail = this.#credentials === undefined ? "it asks for credentials" : "it accepts no credentials";
    return { kind: "refused", why: "credentials", detail };
  }

  #readStatus([, status = 0]: Uint8Array): SocksStep {
    if (status !== 0) return { kind: "refused", why: "credentials", detail: "it refuses the credentials" };
    if (this.#received.length > 0) return broken("it says more than it was asked");
    return this.#connect();
  }

  #connect(): SocksStep {
    const { host, port } = this.#destination;
    // RFC 1928 §5: its length is one byte.
    if (host.length < 1 || host.length > 255)
      return { kind: "refused", why: "never", detail: `a name of ${host.length} bytes can't be told to it` };
    this.#awaits = "reply";
    return {
      kind: "send",
      bytes: Uint8Array.of(VERSION, CONNECT, 0, ...encodeHost(host), port >> 8, port & 255),
    };
  }

  #readReply(): SocksStep | undefined {
    const [version, reply = 0, , type] = this.#received;
    if (version !== undefined && version !== VERSION)
      return broken(`its reply begins with ${version}, not with 5`);
    // A refusal is one as soon as it is known: some send no address behind it.
    if (this.#received.length >= 2 && reply !== 0) return refusal(reply);
    if (this.#received.length < 5) return undefined;
    const addressBytes = type === IPV4 ? 4 : type === IPV6 ? 16 : type === NAME ? 1 + this.#received[4]! : 0;
    if (addressBytes === 0) return broken(`its reply has an address of type ${type}`);
    const length = 4 + addressBytes + 2;
    if (this.#received.length < length) return undefined;
    this.#take(length);
    return { kind: "open", early: this.#received };
  }

  #take(length: number): Uint8Array {
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }
}

function encodeHost(host: Uint8Array | string): readonly number[] {
  if (typeof host !== "string") return [host.length === 4 ? IPV4 : IPV6, ...host];
  return [NAME, host.length, ...Array.from(host, character => character.charCodeAt(0))];
}

function refusal(reply: number): SocksStep {
  const [why, meaning] = REPLIES[reply] ?? ["broken", "unknown"];
  return { kind: "refused", why, detail: `reply ${reply}, ${meaning}` };
}

function broken(detail: string): SocksStep {
  return { kind: "refused", why: "broken", detail };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
