import { expected } from "../exit-code.ts";

/** A SHA-256 as `sha256sum` prints it. */
export function parseSha256(flag: string, text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw expected(flag, "64 hexadecimal digits, as sha256sum prints them", text);
}
