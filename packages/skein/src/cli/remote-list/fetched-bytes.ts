import type { BaseClient } from "../../entry/node.ts";
import { JobError } from "../../jobs/job-error.ts";
import { type ListBytes, streamBytes } from "../../jobs/source/list-bytes.ts";

/**
 * What stands at a URL, unpacked; asked for when it is read.
 *
 * @throws JobError, while it is read: naming the URL where it can't be had, or ends early
 */
export function fetchedBytes(url: string, client: BaseClient): ListBytes {
  return {
    name: url,
    seekable: false,
    chunks: () => chunksOf(url, client),
    fingerprint: async () => undefined,
    size: async () => undefined,
  };
}

async function* chunksOf(url: string, client: BaseClient): AsyncGenerator<Buffer> {
  const response = await client.stream(new URL(url)).catch(error => {
    throw unreachable(url, error);
  });
  try {
    if (!response.ok) throw unreachable(url, new Error(`the server answered ${response.status}`));
    // Of `list.gz` that is sent with a content coding, the coding was taken off: then only its first bytes tell.
    const isDecoded = response.headers.has("content-encoding");
    const name = isDecoded ? url.replace(/\.(?:gz|zst|br)$/i, "") : url;
    yield* streamBytes(response.chunks(), name).chunks(0);
  } finally {
    response.close();
  }
}

function unreachable(url: string, cause: unknown): JobError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `can't fetch the list ${url}: ${reason}`;
  return new JobError("SOURCE_UNREADABLE", message, { cause, resumable: true });
}
