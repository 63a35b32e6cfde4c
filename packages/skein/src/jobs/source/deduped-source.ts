import { shownLine } from "../redact.ts";
import { canonicalUrl } from "./canonical-url.ts";
import { KeySet } from "./key-set.ts";
import { requestKey } from "./request-key.ts";
import type { Source, SourceItem, SourceLine, SourcePosition } from "./source.ts";

/** Which items are the same: whose requests are spelled alike, or whose requests are alike and their URLs in canonical form. */
export const DEDUPE_MODES = ["exact", "url"] as const;
export type DedupeMode = (typeof DEDUPE_MODES)[number];

const SHOWN_CHARACTERS = 200;

/**
 * A source of whose items each comes once: those that are the same as an earlier one are rejected. It is read from its start
 * whenever a job is gone on with, to know what came before.
 */
export function dedupedSource(source: Source, mode: DedupeMode): Source {
  return { ...source, blocks: from => uniqueBlocks(source, mode, from) };
}

async function* uniqueBlocks(
  source: Source,
  mode: DedupeMode,
  from: SourcePosition,
): AsyncGenerator<readonly SourceLine[]> {
  const seen = new KeySet();
  for await (const block of source.blocks({ offset: 0, line: 0 })) {
    const lines = block.map(line =>
      line.kind === "rejected" || seen.add(keyOf(line, mode)) ? line : duplicate(line),
    );
    const wanted = lines.filter(({ line }) => line > from.line);
    if (wanted.length > 0) yield wanted;
  }
}

function keyOf(item: SourceItem, mode: DedupeMode): number {
  const { request } = item;
  const key = mode === "exact" ? item.key : requestKey({ ...request, url: canonicalUrl(request.url) });
  // 0 marks an empty place of the set.
  return key + 1;
}

function duplicate({ line, nextOffset, key, request }: SourceItem): SourceLine {
  const text = shownLine(request.url, SHOWN_CHARACTERS);
  return { kind: "rejected", line, nextOffset, key, text, reason: "the same request as an earlier one" };
}
