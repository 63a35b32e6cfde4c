import type { CommonFlags } from "../args/connection.ts";
import { shellWord } from "../shell-word.ts";

/** Flags of ours that say the way a request takes, and not what it says. */
export type RouteFlags = Partial<CommonFlags> & { readonly location?: boolean };

/**
 * The same flags for curl, which names them as we do. Redirects are left to it only where it repeats what we would: with
 * `-X`, it sends the method that is given there wherever it is led.
 */
export function curlFlags(flags: RouteFlags, method: string): string {
  const words: string[] = [];
  const add = (flag: string, value: string | undefined) => {
    if (value !== undefined) words.push(flag, value);
  };
  if (flags.location && (method === "GET" || method === "HEAD")) words.push("--location");
  if (flags.insecure) words.push("--insecure");
  add("--cacert", flags.cacert);
  add("--cert", flags.cert);
  add("--key", flags.key);
  add("--proxy", flags.proxy);
  add("--noproxy", flags.noproxy);
  for (const { host, port, addresses } of flags.resolve ?? [])
    add("--resolve", `${host}:${port}:${addresses.join(",")}`);
  add("--max-time", seconds(flags.timeout));
  add("--connect-timeout", seconds(flags.connectTimeout));
  if (flags["http1.1"]) words.push("--http1.1");
  if (flags.http2PriorKnowledge) words.push("--http2-prior-knowledge");
  return words.map(shellWord).join(" ");
}

function seconds(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : String(ms / 1_000);
}
