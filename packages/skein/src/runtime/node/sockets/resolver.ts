import { isIP } from "node:net";
import { InvalidOption } from "../../../core/errors.ts";
import type { Lookup, LookupAnswer } from "../../../core/ports.ts";
import type { Address } from "./connect-race.ts";

/** The system does not say how long an answer holds. */
const SYSTEM_TTL_MS = 10_000;
/** Of what DNS says, however long or short. */
const SHORTEST_TTL_MS = 1_000;
const LONGEST_TTL_MS = 300_000;
const MOST_NAMES = 10_000;

type Resolved = (error: Error | undefined, addresses: readonly Address[]) => void;

interface Found {
  readonly addresses: readonly Address[];
  readonly ttlMs: number;
}

interface Known {
  readonly addresses: readonly Address[];
  readonly until: number;
}

/**
 * The addresses of hosts: of one name that many wait for it asks once, and it keeps the answer for a while. Answers are
 * looked at anew when none of their addresses could be connected to.
 */
export class Resolver {
  readonly #find: (host: string, port: number) => Promise<Found>;
  readonly #known = new Map<string, Known>();
  readonly #asked = new Map<string, Resolved[]>();

  /** @throws InvalidOption when `lookup` is none */
  constructor(lookup: Lookup | "system" | "dns" = "system") {
    this.#find = finder(lookup);
  }

  /** Calls back at once where the addresses are known. */
  resolve(host: string, port: number, callback: Resolved): void {
    const family = isIP(host);
    if (family !== 0) return callback(undefined, [{ address: host, family: family as 4 | 6 }]);
    const key = `${host}:${port}`;
    const known = this.#known.get(key);
    if (known !== undefined && known.until > performance.now()) return callback(undefined, known.addresses);
    const waiting = this.#asked.get(key);
    if (waiting !== undefined) {
      waiting.push(callback);
      return;
    }
    this.#asked.set(key, [callback]);
    this.#find(host, port).then(
      found => this.#found(key, found),
      error => this.#answer(key, error, []),
    );
  }

  /** What was known of it has turned out wrong. */
  forget(host: string, port: number): void {
    this.#known.delete(`${host}:${port}`);
  }

  #found(key: string, { addresses, ttlMs }: Found): void {
    if (addresses.length === 0) return this.#answer(key, notFound(key), []);
    this.#known.delete(key);
    this.#known.set(key, { addresses, until: performance.now() + ttlMs });
    if (this.#known.size > MOST_NAMES) this.#known.delete(this.#known.keys().next().value!);
    this.#answer(key, undefined, addresses);
  }

  #answer(key: string, error: Error | undefined, addresses: readonly Address[]): void {
    const waiting = this.#asked.get(key) ?? [];
    this.#asked.delete(key);
    for (const callback of waiting) callback(error, addresses);
  }
}

function finder(lookup: Lookup | "system" | "dns"): (host: string, port: number) => Promise<Found> {
  if (lookup === "system")
    return async host => ({ addresses: await systemLookup(host), ttlMs: SYSTEM_TTL_MS });
  if (lookup === "dns") return dnsLookup;
  if (typeof lookup === "function")
    return async (host, port) => ({ addresses: await ask(lookup, host, port), ttlMs: 0 });
  throw new InvalidOption(
    `lookup: expected "system", "dns", or a function as node:dns' lookup is; got ${JSON.stringify(lookup)}`,
  );
}

async function systemLookup(host: string): Promise<readonly Address[]> {
  const { lookup } = process.getBuiltinModule("node:dns").promises;
  return (await lookup(host, { all: true, order: "verbatim" })) as Address[];
}

/** By DNS alone, which says how long its answers hold; the file `hosts` is not asked. */
async function dnsLookup(host: string): Promise<Found> {
  // RFC 6761 §6.3: this name is no matter of DNS.
  if (host === "localhost" || host.endsWith(".localhost"))
    return { addresses: await systemLookup("localhost"), ttlMs: SYSTEM_TTL_MS };
  const { resolve4, resolve6 } = process.getBuiltinModule("node:dns").promises;
  const [six, four] = await Promise.allSettled([
    resolve6(host, { ttl: true }),
    resolve4(host, { ttl: true }),
  ]);
  const records = [
    ...(six.status === "fulfilled" ? six.value.map(record => ({ ...record, family: 6 as const })) : []),
    ...(four.status === "fulfilled" ? four.value.map(record => ({ ...record, family: 4 as const })) : []),
  ];
  if (records.length === 0) throw (four as PromiseRejectedResult).reason ?? notFound(host);
  const ttlMs = Math.min(...records.map(({ ttl }) => ttl)) * 1_000;
  return { addresses: records, ttlMs: Math.max(SHORTEST_TTL_MS, Math.min(ttlMs, LONGEST_TTL_MS)) };
}

/** A function of the user's answers with one address or with many; what it answers is looked at, for it is connected to. */
function ask(lookup: Lookup, hostname: string, port: number): Promise<readonly Address[]> {
  return new Promise((resolve, reject) => {
    lookup(hostname, { all: true, port }, (error, answer, family) => {
      if (error) return reject(error);
      try {
        resolve(readAnswer(answer, family, hostname));
      } catch (failure) {
        reject(failure);
      }
    });
  });
}

function readAnswer(answer: LookupAnswer, family: number | undefined, hostname: string): Address[] {
  const answers = Array.isArray(answer) ? answer : [{ address: answer as string, family }];
  return answers.map(({ address }) => {
    const actual = typeof address === "string" ? isIP(address) : 0;
    if (actual === 0)
      throw new InvalidOption(
        `lookup: answered ${JSON.stringify(address)} for ${hostname}, which is no address`,
      );
    return { address, family: actual as 4 | 6 };
  });
}

function notFound(host: string): Error {
  return Object.assign(new Error(`no address for ${host}`), { code: "ENOTFOUND" });
}
