import type { RejectedLine, Source, SourceItem } from "../../entry/jobs.ts";
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

/**
 * `skein fetch --dry-run` and `--curl`: prints each request that the job would send, in the order of the list; of a job that has
 * begun, those that are left. How many they are, and the lines that are none, go to standard error.
 */
export async function previewList(
  { source, client, defaults }: ListPreview,
  flags: FetchFlags,
): Promise<ExitCode> {
  const { output, dedupe, fresh = false, refresh = false, retryFailed = false, quiet } = flags;
  const hosts = new Set<string>();
  let [requests, rejected] = [0, 0];
  const lines = pendingLines({ source, output, dedupe, all: fresh || refresh, failed: retryFailed });
  for await (const line of lines) {
    // Whoever reads it has seen enough: `| head`.
    if (!process.stdout.writable) return EXIT.ok;
    if (line.kind === "rejected") {
      rejected += 1;
      process.stderr.write(renderRejected(line));
      continue;
    }
    requests += 1;
    hosts.add(new URL(line.request.url).host);
    process.stdout.write(await renderItem(line, { client, defaults, flags }));
  }
  if (!quiet) process.stderr.write(summaryOf({ requests, rejected, hosts: hosts.size }));
  return rejected === 0 ? EXIT.ok : EXIT.someFailed;
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

function summaryOf({ requests, rejected, hosts }: Record<"requests" | "rejected" | "hosts", number>): string {
  const sent = `${formatCount(requests)} ${requests === 1 ? "request" : "requests"}`;
  const where = `${formatCount(hosts)} ${hosts === 1 ? "host" : "hosts"}`;
  const bad =
    rejected === 0 ? "" : `; ${formatCount(rejected)} ${rejected === 1 ? "line is" : "lines are"} none`;
  return `${sent} to ${where} would be sent${bad}. Nothing was.\n`;
}
