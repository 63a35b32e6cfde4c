import { expected } from "../exit-code.ts";

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/** A number of bytes: `500`, `64kib` (times 1024), `1mb` (times 1000); upper case means the same. */
export function parseSize(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?i?b)?$/i.exec(text.trim());
  const unit = UNITS[(match?.[2] ?? "").toLowerCase()];
  const bytes = match === null || unit === undefined ? 0 : Math.round(Number(match[1]) * unit);
  if (bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  throw expected(flag, "a size of at least one byte, such as 500kb, 64kib or 10mb", text);
}
