import { InvalidOption } from "../../../core/errors.ts";
import { checkNames } from "../../../core/option-names.ts";
import { ownOptions } from "../../../core/own-options.ts";
import type { NetworkOptions } from "../../../core/ports.ts";
import type { ProxyOption } from "../../../core/proxy-options.ts";
import type { Origin } from "../../../core/url.ts";
import { type ProxyServer, parseProxy } from "./proxy.ts";
import { environmentProxies } from "./proxy-environment.ts";

/** Which proxy a connection goes through: each takes the next of its list. */
export class ProxyChoice {
  readonly #lists: Readonly<Record<Origin["scheme"], Rotation>>;

  /**
   * @returns undefined where there is none to choose
   * @throws InvalidOption naming what can't be used
   */
  static of({ proxy, trustEnv = true, socketPath }: NetworkOptions): ProxyChoice | undefined {
    if (typeof trustEnv !== "boolean")
      throw new InvalidOption(`trustEnv: expected true or false; got ${typeof trustEnv}`);
    const lists = proxy === undefined ? fromEnvironment(trustEnv, socketPath) : readOption(proxy);
    if (lists.http.length + lists.https.length === 0) return undefined;
    if (socketPath !== undefined)
      throw new InvalidOption("proxy: socketPath leads to this very machine; leave one of them out");
    return new ProxyChoice(lists);
  }

  private constructor(lists: Lists) {
    const http = new Rotation(lists.http);
    this.#lists = { http, https: lists.https === lists.http ? http : new Rotation(lists.https) };
  }

  /** The proxies to try for a new connection, in this order; none: it goes straight to the origin. */
  next({ scheme, hostname, port }: Origin): readonly ProxyServer[] {
    return this.#lists[scheme].next().filter(proxy => !proxy.bypasses(hostname, port));
  }
}

class Rotation {
  readonly #proxies: readonly ProxyServer[];
  #turn = 0;

  constructor(proxies: readonly ProxyServer[]) {
    this.#proxies = proxies;
  }

  next(): readonly ProxyServer[] {
    const proxies = this.#proxies;
    if (proxies.length < 2) return proxies;
    const first = this.#turn++ % proxies.length;
    return [...proxies.slice(first), ...proxies.slice(0, first)];
  }
}

interface Lists {
  readonly http: readonly ProxyServer[];
  readonly https: readonly ProxyServer[];
}

const NONE: Lists = { http: [], https: [] };

function fromEnvironment(trusted: boolean, socketPath: string | undefined): Lists {
  return trusted && socketPath === undefined ? environmentProxies(process.env) : NONE;
}

function readOption(option: ProxyOption): Lists {
  if (!isByScheme(option)) {
    const list = readList(option, "proxy");
    return { http: list, https: list };
  }
  const { http, https } = checkNames(option, ["http", "https"], "proxy");
  return { http: readList(http ?? null, "proxy.http"), https: readList(https ?? null, "proxy.https") };
}

type ByScheme = Extract<ProxyOption, { readonly http?: unknown }>;

function isByScheme(option: ProxyOption): option is ByScheme {
  if (typeof option !== "object" || option === null) return false;
  return (
    !Array.isArray(option) &&
    !(option instanceof URL) &&
    ownOptions(option as object as { url?: unknown }).url === undefined
  );
}

function readList(list: Exclude<ProxyOption, ByScheme>, where: string): readonly ProxyServer[] {
  if (list === null || list === false) return [];
  if (!Array.isArray(list)) return [parseProxy(list as Parameters<typeof parseProxy>[0], where)];
  if (list.length === 0)
    throw new InvalidOption(`${where}: the list is empty; null is the way to say that there is none`);
  return list.map((proxy, i) => parseProxy(proxy, `${where}[${i}]`));
}
