import { type Client, type Request, type RequestOptions, toCurl } from "../../entry/node.ts";
import type { CommonFlags } from "../args/connection.ts";
import type { PreviewFlags } from "../args/preview-options.ts";
import { UsageError } from "../exit-code.ts";
import { curlFlags } from "../render/curl-flags.ts";
import { renderHeldBack } from "../render/exchange.ts";
import { formatBytes } from "../render/format-bytes.ts";

/** Linux takes no longer argument, with some room for the quotes. */
const LONGEST_BODY = 100_000;

/** A request as it would go out: what credentials, cookies and the body add to it included. */
export async function previewRequest(
  client: Client,
  { method, url }: { method: string; url: string },
  options: RequestOptions,
): Promise<Request> {
  const stopped = new Error("nothing is sent");
  let request: Request | undefined;
  // Innermost: whatever adds something to a request has done it.
  const withheld = client.with(
    () => ({
      send(outgoing) {
        request = outgoing;
        return Promise.reject(stopped);
      },
      close: () => Promise.resolve(),
    }),
    { after: "adaptiveLimit" },
  );
  try {
    await withheld.request(method, url, options);
  } catch (error) {
    if (request === undefined) throw error;
  }
  return withBytes(request!);
}

/** @param flags of a single request; those that curl has as well go along */
export function renderPreview(
  request: Request,
  { curl, showSecrets = false }: PreviewFlags,
  flags: Partial<CommonFlags & { readonly location: boolean }>,
): string {
  if (!curl) return renderHeldBack(request, { showSecrets, body: textOf(request) });
  const body = bytesOf(request);
  if (body !== undefined && body.length > LONGEST_BODY)
    throw new UsageError(`--curl: a body of ${body.length} bytes is too long for a command line`);
  const words = curlFlags(flags, request.method);
  return `${toCurl(request, { secrets: showSecrets })}${words === "" ? "" : ` ${words}`}\n`;
}

/** A form with files is made of pieces: they are put together, so that what is printed says all. */
async function withBytes(request: Request): Promise<Request> {
  const { body } = request;
  if (body === undefined) return request;
  const opened = body.open();
  if (opened instanceof Uint8Array) return request;
  const chunks: Uint8Array[] = [];
  for await (const chunk of opened) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return request.with({ body: { length: bytes.length, replayable: true, open: () => bytes } });
}

function bytesOf({ body }: Request): Uint8Array | undefined {
  const opened = body?.open();
  return opened instanceof Uint8Array ? opened : undefined;
}

function textOf(request: Request): string | undefined {
  const bytes = bytesOf(request);
  if (bytes === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return `(binary body, ${formatBytes(bytes.length)})`;
  }
}
