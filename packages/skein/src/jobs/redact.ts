import { redactUrls } from "../core/redact-url.ts";
import { isSecretName } from "../core/secret-names.ts";

/** `"authorization": "Bearer …"` in a line of JSON, whole or cut. */
const FIELD = /("([^"]*)"\s*:\s*")(?:[^"\\]|\\.)*/g;

/** A line as it may be shown: nothing in it that looks like a credential, and no more than `length` characters. */
export function shownLine(text: string, length: number): string {
  // Redacted first, and of more than is shown: a cut in the middle of a secret would hide what it is.
  const safe = redactUrls(text.slice(0, length * 10)).replace(FIELD, (whole, begin: string, name: string) =>
    isSecretName(name) ? `${begin}***` : whole,
  );
  return safe.length > length ? `${safe.slice(0, length)}…` : safe;
}
