import { writeFileSync } from "node:fs";
import type { RequestOptions, Response } from "../../entry/node.ts";
import { redactUrls } from "../../entry/redaction.ts";
import { readBody } from "../args/body.ts";
import { headersOf } from "../args/connection.ts";
import { type FormField, parseFormField } from "../args/form.ts";
import { checkPreview } from "../args/preview-options.ts";
import { parseUrlArgument } from "../args/url.ts";
import { EXIT, type ExitCode, FileError, UsageError } from "../exit-code.ts";
import { renderHead, renderRequest, renderResponse } from "../render/exchange.ts";
import { noPaint, type Paint, paintFor } from "../render/paint.ts";
import { printable } from "../render/printable.ts";
import { renderTerminalBody } from "../render/terminal-body.ts";
import { previewRequest, renderPreview } from "./preview.ts";
import { type SingleFlags, withClient } from "./single-client.ts";

/** The flags of `skein get` and its like, as they were parsed. */
export interface RequestFlags extends SingleFlags {
  readonly method?: string;
  readonly form?: readonly string[];
  readonly include?: boolean;
  readonly verbose?: boolean;
  readonly fail?: boolean;
  readonly output?: string;
}

/** `skein get URL` and its like: the body to standard output, all else to standard error. */
export async function requestCommand(named: string, url: string, flags: RequestFlags): Promise<ExitCode> {
  const href = parseUrlArgument(url);
  const method = flags.method ?? named;
  const options = await requestOptions(flags);
  return withClient(flags, async client => {
    if (!flags.dryRun && !flags.curl) return show(await client.request(method, href, options), method, flags);
    const request = await previewRequest(client, { method, url: href }, options);
    process.stdout.write(renderPreview(request, flags, flags));
    return EXIT.ok;
  });
}

async function requestOptions(flags: RequestFlags): Promise<RequestOptions> {
  const { form, data, json } = flags;
  checkPreview(flags);
  if (form !== undefined && (data !== undefined || json !== undefined))
    throw new UsageError(
      "-F, --form and -d or --json each give a body; a request has one: leave one of them out",
    );
  const body = await readBody(flags);
  const headers = headersOf(flags, body?.contentType);
  if (form !== undefined)
    return { headers, multipart: form.map((field): FormField => parseFormField(field)) };
  return { headers, ...(body === undefined ? {} : { content: body.content }) };
}

function show(response: Response, method: string, flags: RequestFlags): ExitCode {
  if (flags.verbose) showExchange(response);
  if (flags.include || method === "HEAD") process.stdout.write(`${renderHead(response)}\n`);
  writeBody(response, flags.output);
  if (!flags.fail || response.status < 400) return EXIT.ok;
  const refused = `${response.request}: answered ${response.status} ${response.reasonPhrase}`;
  process.stderr.write(`skein: ${redactUrls(printable(refused))}\n`);
  return EXIT.someFailed;
}

/** Every request that was sent and how it was answered, redirects included. */
function showExchange(response: Response): void {
  const paint: Paint = process.stderr.isTTY ? paintFor(process.stderr) : noPaint;
  for (const answer of [...response.history, response]) {
    process.stderr.write(renderRequest(answer.request, paint) + renderResponse(answer, paint));
  }
}

function writeBody(response: Response, output: string | undefined): void {
  const bytes = response.bytes();
  const forPerson = process.stdout.isTTY && output === undefined;
  if (output !== undefined && output !== "-") writeFile(output, bytes);
  else if (forPerson && bytes.length > 0) {
    process.stdout.write(renderTerminalBody(response, paintFor(process.stdout)));
  } else process.stdout.write(bytes);
}

function writeFile(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes);
  } catch (error) {
    throw new FileError(`-o: can't write ${path}: ${(error as Error).message}`);
  }
}
