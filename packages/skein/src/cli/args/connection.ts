import { readFileSync } from "node:fs";
import type { TlsOptions } from "../../entry/node.ts";
import { FileError, UsageError } from "../exit-code.ts";
import { checkedHeaderValue, type HeaderArgument, joinHeaders } from "./header.ts";
import type { NetworkFlags } from "./network.ts";

/** Flags that every command has, as they were parsed. */
export interface CommonFlags extends NetworkFlags {
  readonly header?: readonly HeaderArgument[];
  readonly userAgent?: string;
  readonly insecure?: boolean;
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly timeout?: number;
  readonly connectTimeout?: number;
  readonly log?: string;
  readonly maxBody?: number;
  readonly data?: string;
  readonly json?: string;
}

/** The header fields of the command line, with those that a flag of their own stands for. */
export function headersOf(
  flags: CommonFlags,
  contentType: string | undefined,
): Record<string, string | null> {
  const defaults: HeaderArgument[] = [];
  if (contentType !== undefined) defaults.push(["content-type", contentType]);
  if (flags.userAgent !== undefined) {
    defaults.push(["user-agent", checkedHeaderValue("--user-agent: what was given", flags.userAgent)]);
  }
  const given = flags.header ?? [];
  const names = new Set(given.map(([name]) => name.toLowerCase()));
  return joinHeaders([...defaults.filter(([name]) => !names.has(name)), ...given]);
}

/** How certificates are checked, and which one is shown, from -k, --cacert, --cert and --key; undefined for the library's own way. */
export function tlsOf(flags: CommonFlags): TlsOptions | undefined {
  if (flags.insecure && flags.cacert !== undefined) {
    throw new UsageError("-k checks no certificate, so --cacert would have no effect: leave one of them out");
  }
  const { cert, key } = flags;
  if (key !== undefined && cert === undefined)
    throw new UsageError("--key is the key of a certificate: give --cert, too");
  const tls: TlsOptions = {
    ...(flags.insecure && { verify: false }),
    ...(flags.cacert !== undefined && { ca: readCertificates("--cacert", flags.cacert) }),
    // As with curl, the key may stand in the file of the certificate.
    ...(cert !== undefined && {
      cert: readCertificates("--cert", cert),
      key: readText(key === undefined ? "--cert" : "--key", key ?? cert),
    }),
  };
  return Object.keys(tls).length === 0 ? undefined : tls;
}

function readText(flag: string, path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    throw new FileError(`${flag}: can't read ${path}: ${(error as Error).message}`);
  }
}

function readCertificates(flag: string, path: string): string {
  const text = readText(flag, path);
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new FileError(`${flag}: ${path} holds no certificate in PEM form ("-----BEGIN CERTIFICATE-----")`);
}
