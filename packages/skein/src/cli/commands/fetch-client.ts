import type { JobOptions, JobThreadParts } from "../../entry/jobs.ts";
import { Client, hedge } from "../../entry/node.ts";
import { type Concurrency, mostOf } from "../args/concurrency.ts";
import { type CommonFlags, tlsOf } from "../args/connection.ts";
import { RequestLog } from "../args/log.ts";
import { networkOf } from "../args/network.ts";
import { type PaceFlags, pace, paced } from "../args/pace-options.ts";
import type { RetryingFlags } from "../args/retry-options.ts";

/** The flags of `skein fetch` that say what its client is. */
export interface FetchClientFlags extends CommonFlags, PaceFlags, Pick<RetryingFlags, "hedge"> {
  readonly concurrency: Concurrency;
  readonly perHost: Concurrency;
  readonly ui?: boolean;
}

/** What sends for a job, and how to let go of it. */
export interface Sender {
  readonly parts: Pick<JobOptions, "client" | "perDomain" | "threads">;
  /**
   * How many requests it sends to a host at once, redirected ones included; if nothing is said, as many as the flags. Threads are not
   * told: theirs may take as many as the page may ask for.
   */
  limitHosts(most?: number): void;
  close(): Promise<void>;
}

/** What a thread of `skein fetch` is told. */
interface ThreadData {
  readonly flags: FetchClientFlags;
  readonly removed: readonly string[];
}

const OPEN_TO_IN_FLIGHT = 4;

const THREAD = import.meta.url.endsWith(".ts") ? "./fetch-thread.ts" : "./fetch-thread.js";

/** @param removed names of headers that are not sent */
export async function senderOf(flags: FetchClientFlags, removed: readonly string[]): Promise<Sender> {
  const { threads: count = 1 } = flags;
  const domains = await pace(flags);
  if (count === 1) {
    const { client, limitHosts, close } = await openClient(flags, removed);
    return { parts: { client, ...domains }, limitHosts, close };
  }
  const threads = {
    count,
    module: new URL(THREAD, import.meta.url),
    data: { flags: withoutFunctions(flags), removed } satisfies ThreadData,
    maxConnections: connectionsOf(flags),
  };
  return {
    parts: { threads, ...domains },
    limitHosts: () => undefined,
    close: async () => undefined,
  };
}

/** In a thread: what it sends with. */
export async function threadParts({ flags, removed }: ThreadData): Promise<JobThreadParts> {
  const { client, close } = await openClient(flags, removed);
  return { client, close, ...(await pace(flags)) };
}

/** As many as may be in flight; the page may ask for more of them than the flags. */
export function connectionsOf({ concurrency, ui }: FetchClientFlags): number {
  return ui ? Math.max(mostOf(concurrency), mostOf("auto")) : mostOf(concurrency);
}

async function openClient(flags: FetchClientFlags, removed: readonly string[]) {
  const log = flags.log === undefined ? undefined : new RequestLog(flags.log);
  const client = new Client(clientOptions(flags, { removed, log }));
  const close = async () => {
    // The job has ended: what may be under way still is a robots.txt that nobody waits for any more.
    client.destroy();
    log?.close();
  };
  try {
    return {
      client: await paced(client, flags, flags.userAgent),
      limitHosts: (most = mostToHost(flags)) => client.limit({ maxInFlightPerOrigin: most }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Only removals go to the client: what is sent belongs to the job, which refuses to go on with other headers. */
function clientOptions(
  flags: FetchClientFlags,
  { removed, log }: { removed: readonly string[]; log: RequestLog | undefined },
) {
  const tls = tlsOf(flags);
  const { connectTimeout } = flags;
  const mostInFlight = flags.ui ? connectionsOf(flags) : mostToHost(flags);
  return {
    headers: Object.fromEntries(removed.map(name => [name, null])),
    redirect: { downgrade: true },
    limits: {
      maxConnections: mostOpen(flags),
      maxConnectionsPerOrigin: mostInFlight,
      maxInFlightPerOrigin: mostInFlight,
    },
    ...(connectTimeout === undefined ? {} : { timeout: { connect: connectTimeout } }),
    ...(tls === undefined ? {} : { tls }),
    ...(log === undefined ? {} : { logger: log }),
    ...(flags.hedge ? { policies: [hedge()] } : {}),
    ...networkOf(flags),
  };
}

/**
 * More than are in flight: where an origin has no connection that is idle, one of another origin would be closed for it, which
 * takes a third of the speed of a list of ten origins. Where it is found out how many go out at once, this is the end of that.
 */
function mostOpen(flags: FetchClientFlags): number {
  const most = connectionsOf(flags);
  return flags.concurrency === "auto" || flags.ui ? most : OPEN_TO_IN_FLIGHT * most;
}

/** Of requests at once. The job knows where an item goes, and holds to it; the client knows where a redirect sends it. */
function mostToHost({ perHost, concurrency }: FetchClientFlags): number {
  return Math.min(mostOf(perHost), mostOf(concurrency));
}

/** Those are of the job, which knows them. */
function withoutFunctions(flags: FetchClientFlags): FetchClientFlags {
  const entries = Object.entries(flags).filter(([, value]) => typeof value !== "function");
  return Object.fromEntries(entries) as unknown as FetchClientFlags;
}
