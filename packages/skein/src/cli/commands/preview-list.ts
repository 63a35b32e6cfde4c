import type { RejectedLine, Source, SourceItem, SourceLine } from "../../entry/jobs.ts";
import type { Client } from "../../entry/node.ts";
import { pendingLines } from "../../jobs/inspect/pending-lines.ts";
import { itemRequest, type RequestDefaults } from "../../jobs/item-request.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { formatCount } from "../render/format-number.ts";
import { printable } from "../render/printable.ts";
import type { FetchFlags } from "./fetch.ts";
import { previewRequest, renderPreview } from "./preview.ts";

export interface ListPreview {
  readonly source: Source;
  readonly client: Client;
  /** What items are given that say nothing themselves. */
  readonly defaults: RequestDefaults;
}

/** So many requests are shown where nothing is said: a list may have millions. */
const FIRST = 10;

interface Counts {
  requests: number;
  rejected: number;
  /** Whether the list was read to its end. */
  isWhole: boolean;
  readonly hosts: Set<string>;
}

/**
 * `skein fetch --dry-run` and `--curl`: prints the first requests that the job would send, in the order of the list; of a job that has
 * begun, of those that are left. The list is read no further. How many they are, and the lines that are none, go to standard error.
 */
export async function previewList(
  { source, client, defaults }: ListPreview,
  flags: FetchFlags,
): Promise<ExitCode> {
  const { output, dedupe, fresh = false, refresh = false, retryFailed = false, quiet } = flags;
  const counts: Counts = { requests: 0, rejected: 0, isWhole: false, hosts: new Set() };
  const lines = pendingLines({ source, output, dedupe, all: fresh || refresh, failed: retryFailed });
  if (!(await printFirst(lines, { client, defaults, flags }, counts))) return EXIT.ok;
  if (!quiet) process.stderr.write(summaryOf(counts));
  return counts.rejected === 0 ? EXIT.ok : EXIT.someFailed;
}

/** @returns false where whoever reads it has seen enough: `| head` */
async function printFirst(
  lines: AsyncIterable<SourceLine>,
  rendering: Rendering,
  counts: Counts,
): Promise<boolean> {
  for await (const line of lines) {
    if (line.kind === "rejected") {
      counts.rejected += 1;
      process.stderr.write(renderRejected(line));
      continue;
    }
    if (counts.requests === (rendering.flags.first ?? FIRST)) return true;
    if (!(await print(await renderItem(line, rendering)))) return false;
    counts.requests += 1;
    counts.hosts.add(new URL(line.request.url).host);
  }
  counts.isWhole = true;
  return true;
}

/** Resolves when it has been taken: a long list is read no faster than it is looked at. */
function print(text: string): Promise<boolean> {
  return new Promise(resolve => {
    process.stdout.write(text, error => resolve(error === undefined || error === null));
  });
}

interface Rendering {
  readonly client: Client;
  readonly defaults: RequestDefaults;
  readonly flags: FetchFlags;
}

async function renderItem(item: SourceItem, { client, defaults, flags }: Rendering): Promise<string> {
  const request = itemRequest(item.request, defaults);
  const { url, method = "GET", ...options } = typeof request === "string" ? { url: request } : request;
  const whole = await previewRequest(client, { method, url: String(url) }, options);
  const text = renderPreview(whole, flags, { ...flags, location: true });
  return flags.curl || text.endsWith("\n\n") ? text : `${text}\n`;
}

function renderRejected({ line, text, reason }: RejectedLine): string {
  return `line ${formatCount(line)} is no request: ${printable(reason)}: ${printable(text)}\n`;
}

function summaryOf({ requests, rejected, isWhole, hosts }: Counts): string {
  const sent = `${formatCount(requests)} ${requests === 1 ? "request" : "requests"}`;
  const where = `${formatCount(hosts.size)} ${hosts.size === 1 ? "host" : "hosts"}`;
  const bad =
    rejected === 0 ? "" : `; ${formatCount(rejected)} ${rejected === 1 ? "line is" : "lines are"} none`;
  const more = isWhole ? "" : "; the list goes on, --first all reads it to its end";
  return `${sent} to ${where} would be sent${bad}${more}. Nothing was.\n`;
}
