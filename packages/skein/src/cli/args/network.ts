import { lookup as systemLookup } from "node:dns";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { Lookup, NetworkOptions } from "../../entry/node.ts";
import { FileError, UsageError } from "../exit-code.ts";

/** Flags that say which way requests take, as they were parsed. */
export interface NetworkFlags {
  readonly proxy?: string;
  readonly proxyFile?: string;
  readonly noproxy?: string;
  readonly resolve?: readonly ResolvedHost[];
  readonly "http1.1"?: boolean;
  readonly http2PriorKnowledge?: boolean;
}

/** `--resolve example.com:443:127.0.0.1` */
export interface ResolvedHost {
  readonly host: string;
  readonly port: number;
  readonly addresses: readonly string[];
}

/** Which way requests take, and in what, from -x, --proxy-file, --noproxy, --resolve, --http1.1 and --http2-prior-knowledge. */
export function networkOf(flags: NetworkFlags): NetworkOptions {
  const { resolve } = flags;
  return { ...proxyOf(flags), ...(resolve && { lookup: lookupOf(resolve) }), ...versionsOf(flags) };
}

function versionsOf({ "http1.1": onlyHttp1, http2PriorKnowledge }: NetworkFlags): NetworkOptions {
  if (onlyHttp1 && http2PriorKnowledge)
    throw new UsageError(
      "--http1.1 and --http2-prior-knowledge leave nothing to speak: leave one of them out",
    );
  if (onlyHttp1) return { http2: false };
  return http2PriorKnowledge ? { http1: false } : {};
}

function proxyOf({ proxy, proxyFile, noproxy }: NetworkFlags): NetworkOptions {
  if (proxy !== undefined && proxyFile !== undefined)
    throw new UsageError("-x names one proxy, --proxy-file several: leave one of them out");
  const urls = proxyFile === undefined ? proxy : readProxies(proxyFile);
  if (urls === undefined) {
    // Of the proxies that the environment names, this is their list.
    if (noproxy !== undefined) process.env.no_proxy = noproxy;
    return {};
  }
  // As with curl, an empty one is none, whatever the environment says.
  if (urls === "") return { proxy: null };
  const withList = (url: string) => (noproxy === undefined ? url : { url, noProxy: noproxy });
  return { proxy: typeof urls === "string" ? withList(urls) : urls.map(withList) };
}

function readProxies(path: string): readonly string[] {
  const lines = readText(path)
    .split(/\r?\n/)
    .map(line => line.trim())
    .filter(line => line !== "" && !line.startsWith("#"));
  if (lines.length === 0) throw new FileError(`--proxy-file: ${path} names no proxy`);
  return lines;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new FileError(`--proxy-file: can't read ${path}: ${(error as Error).message}`);
  }
}

/** Reads the value of --resolve, as curl has it: a host, its port and its addresses, IPv6 in brackets. */
export function parseResolve(text: string): ResolvedHost {
  const [, host = "", port = "", list = ""] = /^(\[[^\]]+\]|[^:]+):(\d+):(.+)$/.exec(text) ?? [];
  const addresses = list.split(",").map(address => address.trim().replace(/^\[(.*)\]$/, "$1"));
  if (host === "" || Number(port) > 65_535 || addresses.some(address => isIP(address) === 0))
    throw new UsageError(
      `--resolve: expected host:port:address, such as example.com:443:127.0.0.1; got ${JSON.stringify(text)}`,
    );
  return { host: host.toLowerCase(), port: Number(port), addresses };
}

function lookupOf(hosts: readonly ResolvedHost[]): Lookup {
  return (hostname, { port }, callback) => {
    const found = hosts.findLast(
      entry => (entry.host === hostname || entry.host === "*") && entry.port === port,
    );
    if (found !== undefined)
      return callback(
        null,
        found.addresses.map(address => ({ address })),
      );
    systemLookup(hostname, { all: true, order: "verbatim" }, callback);
  };
}
