import { nodeFiles } from "../journal/files.ts";
import { ShardedFiles } from "../journal/sharded-files.ts";
import { isSharded, shardPath } from "../sink/shards.ts";

/** The files that hold the first `length` bytes of an output: one, or its shards. */
export function outputParts(
  path: string,
  length: number,
): { readonly path: string; readonly length: number }[] {
  if (!isSharded(path)) return [{ path, length }];
  let rest = length;
  return new ShardedFiles(nodeFiles, path).sizes
    .map((size, index) => {
      const part = { path: shardPath(path, index + 1), length: Math.min(size, rest) };
      rest -= part.length;
      return part;
    })
    .filter(part => part.length > 0);
}

/** How many bytes an output has; undefined where there is no such file. */
export function outputSize(path: string): number | undefined {
  return (isSharded(path) ? new ShardedFiles(nodeFiles, path) : nodeFiles).size(path);
}
