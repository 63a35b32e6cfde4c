import { BlockList, isIP } from "node:net";

/** Whether a host is reached without a proxy. `hostname` is as an origin has it: lower-case ASCII, IPv6 without brackets. */
export type NoProxy = (hostname: string, port: number) => boolean;

/**
 * Reads a list as the variable NO_PROXY has it, its entries apart by commas or blanks:
 *
 *   *                          every host
 *   example.com  .example.com  that host, and all names below it (as curl does)
 *   *.example.com              the names below it only
 *   10.0.0.1  [fd00::1]        an address, compared as such, however it is written
 *   10.0.0.0/8  fd00::/8       addresses of a network
 *   example.com:8443           one port only, with any of them but networks
 *
 * Case, a dot at the end of either name and empty entries change nothing; what is none of these matches nothing. Names are
 * compared, never looked up: a network is one of hosts that are given as addresses.
 */
export function parseNoProxy(text: string): NoProxy {
  const list = new HostList();
  for (const entry of text.split(/[\s,]+/)) {
    if (entry !== "") list.add(entry.toLowerCase());
  }
  return (hostname, port) => list.has(hostname, port);
}

/** Loopback: this machine itself, which no proxy elsewhere could reach. */
export function isThisMachine(hostname: string): boolean {
  const name = withoutLastDot(hostname);
  return name === "localhost" || name.endsWith(".localhost") || LOOPBACK(hostname, 0);
}

const ANY_PORT = 0;

class HostList {
  #all = false;
  /** By port, or for any. */
  readonly #names = new Map<string, Set<number>>();
  readonly #below = new Map<string, Set<number>>();
  readonly #addresses = new Map<number, BlockList>();

  add(entry: string): void {
    if (entry === "*") {
      this.#all = true;
      return;
    }
    if (entry.includes("/")) return this.#addNetwork(entry);
    const [host, port] = splitPort(entry);
    if (host === "*") return this.#addName(this.#below, "", port);
    const address = addressOf(host);
    if (address !== undefined) return addTo(this.#listOf(port), address, undefined);
    const name = withoutLastDot(host.replace(/^\*?\./, ""));
    if (name === "") return;
    this.#addName(this.#below, name, port);
    if (!host.startsWith("*")) this.#addName(this.#names, name, port);
  }

  has(hostname: string, port: number): boolean {
    if (this.#all) return true;
    const family = isIP(hostname);
    if (family !== 0) return this.#hasAddress(hostname, port) || matches(this.#below.get(""), port);
    const name = withoutLastDot(hostname);
    if (matches(this.#names.get(name), port) || matches(this.#below.get(""), port)) return true;
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
      if (matches(this.#below.get(name.slice(dot + 1)), port)) return true;
    }
    return false;
  }

  #hasAddress(address: string, port: number): boolean {
    const type = isIP(address) === 4 ? "ipv4" : "ipv6";
    return [ANY_PORT, port].some(key => this.#addresses.get(key)?.check(address, type) === true);
  }

  #addNetwork(entry: string): void {
    const [, text = "", bits = ""] = /^([^/]*)\/(\d{1,3})$/.exec(entry) ?? [];
    const address = addressOf(text);
    const most = address !== undefined && isIP(address) === 4 ? 32 : 128;
    if (address !== undefined && Number(bits) <= most) addTo(this.#listOf(ANY_PORT), address, Number(bits));
  }

  #addName(names: Map<string, Set<number>>, name: string, port: number): void {
    const ports = names.get(name);
    if (ports === undefined) names.set(name, new Set([port]));
    else ports.add(port);
  }

  #listOf(port: number): BlockList {
    let list = this.#addresses.get(port);
    if (list === undefined) {
      list = new BlockList();
      this.#addresses.set(port, list);
    }
    return list;
  }
}

function matches(ports: ReadonlySet<number> | undefined, port: number): boolean {
  return ports !== undefined && (ports.has(ANY_PORT) || ports.has(port));
}

function addTo(list: BlockList, address: string, bits: number | undefined): void {
  const type = isIP(address) === 4 ? "ipv4" : "ipv6";
  if (bits === undefined) list.addAddress(address, type);
  else list.addSubnet(address, bits, type);
}

/** `host:443` is a host and its port; an IPv6 address without brackets has none. */
function splitPort(entry: string): [host: string, port: number] {
  const match = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(entry);
  return match === null ? [entry, ANY_PORT] : [match[1]!, Number(match[2])];
}

function addressOf(text: string): string | undefined {
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  return isIP(bare) === 0 || bare.includes("%") ? undefined : bare;
}

function withoutLastDot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

const LOOPBACK = parseNoProxy("127.0.0.0/8 ::1");
