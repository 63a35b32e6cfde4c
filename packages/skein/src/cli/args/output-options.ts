import { type Command, Option } from "commander";
import { OUTPUT_FORMATS, type OutputFormat } from "../../jobs/sink/output-kind.ts";
import { isSharded } from "../../jobs/sink/shards.ts";
import { UsageError } from "../exit-code.ts";
import { parsed } from "./option.ts";
import { parseSize } from "./size.ts";

/** Flags that say where the results of `skein fetch` go, as they were parsed. */
export interface OutputFlags {
  readonly output?: string;
  readonly outputFormat?: OutputFormat;
  readonly shardSize?: number;
  readonly body?: "inline" | "none";
  readonly saveBodies?: string;
}

export function addOutputOptions(command: Command): Command {
  return command
    .option("-o, --output <file>", "where the results go, one line of JSON each (needed)")
    .addOption(
      new Option("--output-format <name>", "what the output is (default: by its name)").choices(
        OUTPUT_FORMATS,
      ),
    )
    .addOption(
      parsed(
        "--shard-size <size>",
        "where -o out-{shard}.jsonl begins its next file, such as 100mb",
        parseSize,
      ),
    )
    .addOption(new Option("--body <where>", "bodies in the output").choices(["inline", "none"]))
    .option("--save-bodies <dir>", "each body into a file of its own, in this directory");
}

/** @throws UsageError where one of both says that the output is many files, and the other does not */
export function checkShards({ output, shardSize }: OutputFlags): void {
  if (output === undefined) return;
  if (isSharded(output) && shardSize === undefined)
    throw new UsageError(`-o ${output}: --shard-size is needed, such as 100mb: where the next file begins`);
  if (!isSharded(output) && shardSize !== undefined)
    throw new UsageError(
      "--shard-size: the output has no {shard} in its name; expected -o such as out-{shard}.jsonl",
    );
}
