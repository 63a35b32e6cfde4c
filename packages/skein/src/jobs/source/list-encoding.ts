import { JobError } from "../job-error.ts";

const ENCODINGS: readonly (readonly [magic: readonly number[], name: string, advice: string])[] = [
  [[0xff, 0xfe], "UTF-16 text", "convert it to UTF-8"],
  [[0xfe, 0xff], "UTF-16 text", "convert it to UTF-8"],
  [[0x1f, 0x8b], "gzip data", "unpack it first"],
  [[0x28, 0xb5, 0x2f, 0xfd], "zstd data", "unpack it first"],
  [[0x50, 0x4b, 0x03, 0x04], "a zip archive", "unpack it first"],
  [
    [0x50, 0x41, 0x52, 0x31],
    "a Parquet file",
    "give its name .parquet, or say that it is Parquet (format, --format)",
  ],
];

/** @throws JobError when the first bytes of a list say that it is no text: each of its lines would be a bad one */
export function checkEncoding(start: Buffer, name: string): void {
  const found = ENCODINGS.find(([magic]) => magic.every((byte, index) => start[index] === byte));
  if (found === undefined) return;
  throw new JobError("SOURCE_UNREADABLE", `${name} is ${found[1]}, not a list of lines: ${found[2]}`, {
    path: name,
  });
}
