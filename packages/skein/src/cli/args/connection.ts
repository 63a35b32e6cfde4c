import { readFileSync } from "node:fs";
import { FileError, UsageError } from "../exit-code.ts";
import { checkedHeaderValue, type HeaderArgument, joinHeaders } from "./header.ts";

/** Flags that every command has, as they were parsed. */
export interface CommonFlags {
  readonly header?: readonly HeaderArgument[];
  readonly userAgent?: string;
  readonly insecure?: boolean;
  readonly cacert?: string;
  readonly timeout?: number;
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

/** How certificates are checked, from -k and --cacert; undefined for the library's own way. */
export function tlsOf(flags: CommonFlags): { ca?: string; verify?: false } | undefined {
  if (flags.insecure && flags.cacert !== undefined) {
    throw new UsageError("-k checks no certificate, so --cacert would have no effect: leave one of them out");
  }
  if (flags.insecure) return { verify: false };
  return flags.cacert === undefined ? undefined : { ca: readCertificates(flags.cacert) };
}

function readCertificates(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "latin1");
  } catch (error) {
    throw new FileError(`--cacert: can't read ${path}: ${(error as Error).message}`);
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new FileError(`--cacert: ${path} holds no certificate in PEM form ("-----BEGIN CERTIFICATE-----")`);
}
