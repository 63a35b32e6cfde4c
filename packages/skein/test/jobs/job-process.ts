// A job in a process of its own, to be killed: node job-process.ts '{"list": …, "output": …}'
// Says "open" once it has the lock, and its summary as JSON when it has ended.

import { Job, listSource } from "../../src/entry/jobs.ts";
import { Client } from "../../src/entry/node.ts";
import { linksOf } from "./page-links.ts";

export interface ProcessOptions {
  readonly list: string;
  readonly output: string;
  readonly concurrency?: number;
  readonly method?: string;
  /** Sends from so many threads. */
  readonly threads?: number;
  /** Goes on to what the pages link to. */
  readonly crawl?: boolean;
  /** Asks for all items again. */
  readonly refresh?: boolean;
  /** Of an output in many files. */
  readonly shardSize?: number;
  /** Has the lock and does nothing, until it is killed. */
  readonly idle?: boolean;
  /** Does not close the job. */
  readonly forget?: boolean;
}

const {
  list,
  output,
  concurrency = 50,
  method = "GET",
  threads: count,
  crawl,
  shardSize,
  refresh = false,
  idle,
  forget,
} = JSON.parse(process.argv[2] ?? "") as ProcessOptions;
const client = new Client({ limits: { maxConnectionsPerOrigin: concurrency } });

let job: Job | undefined;
try {
  const module = new URL("./thread-module.ts", import.meta.url);
  const sends =
    count === undefined
      ? { ...(crawl ? { add: linksOf } : undefined) }
      : { threads: { count, module, ...(crawl ? { adds: true, data: { adds: true } } : undefined) } };
  job = await Job.open({
    source: listSource(list),
    output,
    client,
    concurrency,
    method,
    refresh,
    ...(shardSize === undefined ? {} : { shardSize }),
    ...sends,
  });
  process.stdout.write("open\n");
  if (idle) await new Promise(resolve => setTimeout(resolve, 60_000));
  const { done, ended } = await job.run();
  if (!forget) await job.close();
  process.stdout.write(`${JSON.stringify({ done, ended })}\n`);
} catch (error) {
  const { code, message, resumable } = error as { code?: string; message: string; resumable?: boolean };
  process.stdout.write(`${JSON.stringify({ code, message, resumable })}\n`);
} finally {
  if (!forget) await job?.close();
  await client.close();
}
