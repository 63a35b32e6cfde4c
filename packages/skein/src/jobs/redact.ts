/** A header whose value is a credential, by its name. */
const SECRET_NAME = /auth|cookie|token|secret|api-?key|password|session|credential|signature/i;

const USERINFO = /\/\/[^/?#@\s"]*@/g;
/** `"authorization": "Bearer …"` in a line of JSON, whole or cut. */
const SECRET_FIELD =
  /("[^"]*(?:auth|cookie|token|secret|api-?key|password|session|credential)[^"]*"\s*:\s*")(?:[^"\\]|\\.)*/gi;
const SECRET_PARAMETER =
  /([?&][^=&#\s]*(?:auth|token|secret|api_?-?key|password|session|signature)[^=&#\s]*=)[^&#\s"]+/gi;

export function isSecretHeader(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** The URL without user name and password; all else as the user wrote it. */
export function withoutUserinfo(url: string): string {
  return url.includes("@") ? url.replace(USERINFO, "//") : url;
}

/** A line as it may be shown: nothing in it that looks like a credential, and no more than `length` characters. */
export function shownLine(text: string, length: number): string {
  // Redacted first, and of more than is shown: a cut in the middle of a secret would hide what it is.
  const safe = text
    .slice(0, length * 10)
    .replace(USERINFO, "//***@")
    .replace(SECRET_FIELD, "$1***")
    .replace(SECRET_PARAMETER, "$1***");
  return safe.length > length ? `${safe.slice(0, length)}…` : safe;
}
