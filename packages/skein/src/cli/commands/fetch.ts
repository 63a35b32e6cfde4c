import { createReadStream, realpathSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import {
  argumentsSource,
  type DedupeMode,
  Job,
  type JobOptions,
  type ListFormat,
  listSource,
  type Source,
  streamSource,
} from "../../entry/jobs.ts";
import type { Client } from "../../entry/node.ts";
import { jobPaths } from "../../jobs/job-paths.ts";
import { type OutputKind, outputKind } from "../../jobs/sink/output-kind.ts";
import { bodyIsStdin, readBody } from "../args/body.ts";
import { type Concurrency, mostOf } from "../args/concurrency.ts";
import { type CommonFlags, headersOf } from "../args/connection.ts";
import { type EndingFlags, endings } from "../args/ending-options.ts";
import { type Input, type PathKind, parseInput, withFormat } from "../args/input.ts";
import { refuseSharedLog } from "../args/log.ts";
import { checkShards, type OutputFlags } from "../args/output-options.ts";
import type { PaceFlags } from "../args/pace-options.ts";
import { checkPreview, type ListPreviewFlags } from "../args/preview-options.ts";
import { type RetryingFlags, retrying } from "../args/retry-options.ts";
import type { StatusSet } from "../args/status-set.ts";
import { boundHeap } from "../bound-heap.ts";
import { type ExitCode, UsageError } from "../exit-code.ts";
import type { ProgressMode } from "../progress-reporter.ts";
import { connectionsOf, senderOf } from "./fetch-client.ts";
import { localList } from "./local-list.ts";
import { previewList } from "./preview-list.ts";
import { runJob } from "./run-job.ts";
import { runWithPage } from "./run-with-page.ts";

/** The flags of `skein fetch`, as they were parsed. */
export interface FetchFlags
  extends CommonFlags,
    PaceFlags,
    RetryingFlags,
    EndingFlags,
    OutputFlags,
    ListPreviewFlags {
  readonly format?: ListFormat;
  readonly dedupe?: DedupeMode;
  readonly urlColumn?: string | number;
  readonly concurrency: Concurrency;
  readonly perHost: Concurrency;
  readonly rate?: string;
  readonly rateHost?: string;
  readonly method?: string;
  readonly acceptStatus: StatusSet;
  readonly fresh?: boolean;
  readonly retryFailed?: boolean;
  readonly refresh?: boolean;
  readonly quiet?: boolean;
  readonly progress?: ProgressMode;
  readonly ui?: boolean;
}

/** `skein fetch`: all URLs of a list into one file, to be continued by the same command whatever stops it. */
export async function fetchCommand(args: readonly string[], flags: FetchFlags): Promise<ExitCode> {
  const input = withFormat(parseInput(args, kindOfPath), flags.format);
  checkPreview(flags);
  checkCombinations(flags, input);
  const request = await jobRequest(flags);
  if (input.kind === "stdin" && process.stdin.isTTY) {
    process.stderr.write("Reading URLs from here, one a line; Ctrl-D ends the list.\n");
  }
  return flags.dryRun || flags.curl ? preview(input, request, flags) : run(input, request, flags);
}

/** Of the items that say nothing themselves. */
interface FetchRequest {
  readonly defaults: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: string;
  };
  /** Names of headers that are not sent. */
  readonly removed: readonly string[];
}

async function jobRequest(flags: FetchFlags): Promise<FetchRequest> {
  const body = await readBody(flags);
  const headers = Object.entries(headersOf(flags, body?.contentType));
  return {
    removed: headers.filter(([, value]) => value === null).map(([name]) => name),
    defaults: {
      method: flags.method ?? (body === undefined ? "GET" : "POST"),
      headers: Object.fromEntries(headers.filter((header): header is [string, string] => header[1] !== null)),
      ...(body === undefined ? {} : { body: textOf(body.content) }),
    },
  };
}

/** Neither a file is made, nor anybody asked: no robots.txt, and no log. */
async function preview(
  input: Input,
  { defaults, removed }: FetchRequest,
  flags: FetchFlags,
): Promise<ExitCode> {
  const { robots: _robots, threads: _threads, log: _log, ...rest } = flags;
  const sender = await senderOf(rest, removed);
  try {
    const source = sourceOf(input, flags);
    return await previewList({ source, client: sender.parts.client as Client, defaults }, flags);
  } finally {
    await sender.close();
  }
}

async function run(given: Input, request: FetchRequest, flags: FetchFlags): Promise<ExitCode> {
  const output = checkedOutput(flags.output, given);
  const { input, format } = await localList(given, { ...request, output }, flags);
  return runLocal(input, request, { ...flags, ...(format === undefined ? {} : { format }) });
}

async function runLocal(
  input: Input,
  { defaults, removed }: FetchRequest,
  flags: FetchFlags,
): Promise<ExitCode> {
  const output = checkedOutput(flags.output, input);
  boundHeap();
  const sender = await senderOf(flags, removed);
  try {
    const { parts, limitHosts } = sender;
    const open = (again: Partial<JobOptions> = {}) => {
      limitHosts();
      const source = sourceOf(input, flags);
      return Job.open({ ...jobOptions(flags), ...parts, ...defaults, source, output, ...again });
    };
    const mayRetry = input.kind === "file" || input.kind === "urls";
    return await (flags.ui
      ? runWithPage({ open, mayRetry, most: connectionsOf(flags), limitHosts }, flags)
      : runAlone(open, flags));
  } finally {
    await sender.close();
  }
}

async function runAlone(open: () => Promise<Job>, flags: FetchFlags): Promise<ExitCode> {
  const job = await open();
  try {
    return await runJob(job, flags);
  } finally {
    await job.close();
  }
}

function jobOptions(flags: FetchFlags) {
  const bodies = flags.saveBodies === undefined ? flags.body : { directory: flags.saveBodies };
  const { concurrency, rate, rateHost, timeout, maxBody, fresh, refresh, retryFailed } = flags;
  return {
    concurrency,
    perOrigin: flags.perHost === "auto" ? flags.perHost : Math.min(flags.perHost, mostOf(concurrency)),
    ...(rate === undefined ? {} : { rate }),
    ...(rateHost === undefined ? {} : { perOriginRate: rateHost }),
    ...retrying(flags),
    ...endings(flags),
    accept: flags.acceptStatus,
    ...(flags.dedupe === undefined ? {} : { dedupe: flags.dedupe }),
    ...(bodies === undefined ? {} : { bodies }),
    ...(flags.outputFormat === undefined ? {} : { outputFormat: flags.outputFormat }),
    ...(flags.shardSize === undefined ? {} : { shardSize: flags.shardSize }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(maxBody === undefined ? {} : { maxResponseBytes: maxBody }),
    ...(fresh === undefined ? {} : { fresh }),
    ...(refresh === undefined ? {} : { refresh }),
    ...(retryFailed === undefined ? {} : { retryFailed }),
  };
}

function sourceOf(input: Input, { format, urlColumn }: FetchFlags): Source {
  const options = {
    ...(format === undefined ? {} : { format }),
    ...(urlColumn === undefined ? {} : { urlColumn }),
  };
  switch (input.kind) {
    case "file":
      return listSource(input.path, options);
    case "pipe":
      return streamSource(createReadStream(input.path), input.path, options);
    case "stdin":
      return streamSource(process.stdin, "<stdin>", options);
    case "urls":
      return argumentsSource(input.urls);
    case "remote":
      throw new UsageError(
        `the list at ${input.url} would have to be fetched first, and nothing is sent: download it (skein download ${input.url}), and give the file`,
      );
  }
}

function kindOfPath(path: string): PathKind {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return "missing";
  if (stats.isDirectory()) return "directory";
  return stats.isFile() ? "file" : "pipe";
}

function checkedOutput(output: string | undefined, input: Input): string {
  if (output === undefined || output === "-") {
    const what =
      output === "-" ? "-o: results can't go to standard output" : "-o FILE is needed for the results";
    throw new UsageError(
      `${what}: they go to a file, which also makes the same command continue when it was stopped; ` +
        "for example: skein fetch urls.txt -o results.jsonl",
    );
  }
  const kind = kindOfPath(output);
  if (kind === "directory") {
    throw new UsageError(
      `-o: ${output} is a directory; expected a file, such as ${join(output, "results.jsonl")}`,
    );
  }
  if (kind === "pipe") {
    throw new UsageError(
      `-o: ${output} is not a regular file; results are kept in one, so that a job can go on`,
    );
  }
  if (input.kind === "file") checkList(input.path, output);
  return output;
}

/** What is written must not be what is read. */
function checkList(list: string, output: string): void {
  const path = realpathSync(list);
  const files = jobPaths(output, "none");
  if (path === files.output)
    throw new UsageError(`-o: ${output} is the list itself; expected another file, such as results.jsonl`);
  const isOurs = [files.rejects, files.journal, files.rows].includes(path);
  if (isOurs)
    throw new UsageError(
      `-o: the job of ${output} writes ${list} itself, which is the list; expected another file`,
    );
}

const NOT_WRITTEN = new Set(
  ".xlsx .xls .ods .xml .html .zip .7z .bz2 .xz .br .lz4 .avro .arrow .feather .orc .db .sqlite".split(" "),
);

function checkedKind({ output = "", outputFormat }: FetchFlags): OutputKind {
  const ending = extname(output).toLowerCase();
  // Lines of JSON by that name would open as something broken.
  if (outputFormat === undefined && NOT_WRITTEN.has(ending))
    throw new UsageError(
      `-o: ${output} can't be written: expected a name that ends in .jsonl, .csv, .tsv, .warc or .parquet, with .gz or .zst to have it packed; or --output-format`,
    );
  try {
    return outputKind(output, outputFormat);
  } catch (error) {
    throw new UsageError(`-o, --output-format: ${(error as Error).message}`);
  }
}

function checkCombinations(flags: FetchFlags, input: Input): void {
  if (flags.fresh && flags.retryFailed) {
    throw new UsageError(
      "--fresh forgets all results and --retry-failed keeps the good ones: leave one of them out",
    );
  }
  if (flags.refresh && (flags.fresh || flags.retryFailed)) {
    const other = flags.fresh ? "--fresh forgets all results" : "--retry-failed sends some of the items";
    throw new UsageError(`--refresh asks for all items again, and ${other}: leave one of them out`);
  }
  if (flags.refresh && flags.threads !== undefined && flags.threads > 1) {
    throw new UsageError("--refresh: one thread does that; leave out --threads");
  }
  if (flags.body !== undefined && flags.saveBodies !== undefined) {
    throw new UsageError("--body and --save-bodies each say where bodies go: leave one of them out");
  }
  if (flags.saveBodies !== undefined && kindOfPath(flags.saveBodies) === "file") {
    throw new UsageError(`--save-bodies: ${flags.saveBodies} is a file; expected a directory, or none yet`);
  }
  refuseWithThreads(flags);
  checkShards(flags);
  const { format } = checkedKind(flags);
  if (flags.body === "inline" && format !== "jsonl") {
    throw new UsageError(
      `--body inline: an output of the kind "${format}" has no bodies in its rows; --save-bodies DIR keeps them`,
    );
  }
  if (input.kind === "urls" && flags.urlColumn !== undefined) {
    throw new UsageError(
      "--url-column tells how a list is read; URLs were given instead: for a list at a URL, add --format",
    );
  }
  refuseSharedLog(flags.log, [flags.output!, ...(input.kind === "file" ? [input.path] : [])]);
  if (input.kind === "stdin" && bodyIsStdin(flags)) {
    throw new UsageError(
      "the list (-) and the body (-d @-, --json @-) can't both come from standard input: give one of them in a file",
    );
  }
}

const NOT_WITH_THREADS = ["rate", "limitRate", "ordered"] as const;

function refuseWithThreads(flags: FetchFlags): void {
  if ((flags.threads ?? 1) === 1) return;
  const given = NOT_WITH_THREADS.find(name => flags[name] !== undefined);
  if (given === undefined) return;
  const flag = `--${given.replace(/[A-Z]/, letter => `-${letter.toLowerCase()}`)}`;
  throw new UsageError(
    `${flag} holds for all hosts together, which threads do not share: leave out --threads`,
  );
}

/** Journal and output are text, and so is the body of an item. */
function textOf(content: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw new UsageError("-d, --data: the body is not UTF-8 text; skein fetch can send text bodies only");
  }
}
