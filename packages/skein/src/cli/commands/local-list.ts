import type { ListFormat } from "../../entry/jobs.ts";
import type { Client } from "../../entry/node.ts";
import { redactUrls } from "../../entry/redaction.ts";
import type { Input } from "../args/input.ts";
import { type RemoteList, spool, spooledFormat, spoolOf } from "../remote-list/spool-list.ts";
import type { FetchFlags } from "./fetch.ts";
import { senderOf } from "./fetch-client.ts";

export interface ListRequest {
  readonly output: string;
  readonly defaults: { readonly headers: Readonly<Record<string, string>> };
  /** Names of headers that are not sent. */
  readonly removed: readonly string[];
}

/** The list as it can be read: one that a server has is fetched first, unless its job has begun. */
export async function localList(
  input: Input,
  request: ListRequest,
  flags: FetchFlags,
): Promise<{ input: Input; format: ListFormat | undefined }> {
  if (input.kind !== "remote" || flags.format === undefined) return { input, format: flags.format };
  const { output } = request;
  const list = { url: input.url, format: flags.format, output, fresh: flags.fresh === true };
  const { path, isThere } = spoolOf(list);
  if (!isThere) await fetchList(path, list, { ...request, flags });
  return { input: { kind: "file", path }, format: spooledFormat(list.format) };
}

async function fetchList(
  path: string,
  list: RemoteList,
  { flags, defaults, removed }: ListRequest & { readonly flags: FetchFlags },
): Promise<void> {
  if (!flags.quiet) process.stderr.write(`Fetching the list ${redactUrls(list.url)}\n`);
  const { threads: _threads, ...rest } = flags;
  const { parts, close } = await senderOf(rest, removed);
  try {
    // Credentials are for the server of the list: an index may name sitemaps that others have.
    const { headers } = defaults;
    await spool(path, list, (parts.client as Client).extend({ baseUrl: new URL(list.url).origin, headers }));
  } finally {
    await close();
  }
}
