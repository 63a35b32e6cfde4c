// An output in many files: `out-{shard}.jsonl` is `out-00001.jsonl`, `out-00002.jsonl` and so on.

const PLACE = "{shard}";
const DIGITS = 5;

export function isSharded(output: string): boolean {
  return output.includes(PLACE);
}

/** @param number from 1 on */
export function shardPath(output: string, number: number): string {
  return output.replace(PLACE, String(number).padStart(DIGITS, "0"));
}

/** The name that files beside the output go by: that of `out-{shard}.jsonl` is `out.jsonl`. */
export function nameWithoutShard(name: string): string {
  const rest = name.replace(/[-_.]?\{shard\}/, "");
  return rest.startsWith(".") || rest === "" ? `out${rest}` : rest;
}
