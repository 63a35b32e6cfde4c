import { writeFileSync } from "node:fs";
import { Client, type Response } from "../../entry/node.ts";
import { redactUrls } from "../../entry/redaction.ts";
import { readBody } from "../args/body.ts";
import { type CommonFlags, headersOf, tlsOf } from "../args/connection.ts";
import { RequestLog } from "../args/log.ts";
import { networkOf } from "../args/network.ts";
import { parseUrlArgument } from "../args/url.ts";
import { EXIT, type ExitCode, FileError } from "../exit-code.ts";
import { renderHead, renderRequest, renderResponse } from "../render/exchange.ts";
import { noPaint, type Paint, paintFor } from "../render/paint.ts";
import { printable } from "../render/printable.ts";
import { renderTerminalBody } from "../render/terminal-body.ts";

/** The flags of `skein get` and its like, as they were parsed. */
export interface RequestFlags extends CommonFlags {
  readonly include?: boolean;
  readonly verbose?: boolean;
  readonly fail?: boolean;
  readonly output?: string;
}

/** `skein get URL` and its like: the body to standard output, all else to standard error. */
export async function requestCommand(method: string, url: string, flags: RequestFlags): Promise<ExitCode> {
  const href = parseUrlArgument(url);
  const body = await readBody(flags);
  const log = flags.log === undefined ? undefined : new RequestLog(flags.log);
  const client = new Client(clientOptions(flags, log));
  try {
    const response = await client.request(method, href, {
      headers: headersOf(flags, body?.contentType),
      ...(body === undefined ? {} : { content: body.content }),
    });
    return show(response, method, flags);
  } finally {
    await client.close();
    log?.close();
  }
}

function clientOptions(flags: RequestFlags, log: RequestLog | undefined) {
  const tls = tlsOf(flags);
  const { timeout, connectTimeout } = flags;
  return {
    redirect: { downgrade: true },
    timeout: {
      ...(timeout === undefined ? {} : { total: timeout }),
      ...(connectTimeout === undefined ? {} : { connect: connectTimeout }),
    },
    ...(log === undefined ? {} : { logger: log }),
    ...(flags.maxBody === undefined ? {} : { limits: { maxResponseBytes: flags.maxBody } }),
    ...(tls === undefined ? {} : { tls }),
    ...networkOf(flags),
  };
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
