import { JobError } from "../job-error.ts";
import { LineReader } from "./line-reader.ts";
import { checkEncoding } from "./list-encoding.ts";
import type { Source, SourceLine } from "./source.ts";

/**
 * A list that comes in as a stream (stdin), with lines as in a file. It can be read once and from its start only, so a
 * job of it is resumed by giving the same lines again: those that the journal has are compared and skipped.
 */
export function streamSource(readable: AsyncIterable<Uint8Array | string>, name: string): Source {
  return {
    name,
    seekable: false,
    blocks: () => readBlocks(readable, name),
    count: async () => undefined,
    fingerprint: async () => undefined,
  };
}

async function* readBlocks(
  readable: AsyncIterable<Uint8Array | string>,
  name: string,
): AsyncGenerator<readonly SourceLine[]> {
  const reader = new LineReader({ offset: 0, line: 0 });
  let isFirst = true;
  try {
    for await (const chunk of readable) {
      const bytes = bufferOf(chunk);
      if (isFirst) checkEncoding(bytes, name);
      isFirst = false;
      const lines = reader.push(bytes);
      if (lines.length > 0) yield lines;
    }
  } catch (cause) {
    if (cause instanceof JobError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new JobError("SOURCE_UNREADABLE", `can't read the list ${name}: ${reason}`, { cause, path: name });
  }
  const last = reader.end();
  if (last.length > 0) yield last;
}

function bufferOf(chunk: Uint8Array | string): Buffer {
  if (typeof chunk === "string") return Buffer.from(chunk);
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
