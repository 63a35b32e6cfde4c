import { redactUrls } from "./redact-url.ts";
import { isSecretName } from "./secret-names.ts";

/** Fields that hold URLs. */
const URL_HEADER = /^(content-)?location$|^referer$|^link$|^refresh$/i;

/**
 * A header's value as it may be shown: of a credential only its scheme, of a URL no secrets.
 *
 * @example
 * redactHeader("Authorization", "Bearer abc"); // "Bearer ***"
 */
export function redactHeader(name: string, value: string): string {
  if (URL_HEADER.test(name)) return redactUrls(value);
  if (!isSecretName(name)) return value;
  const scheme = /^(proxy-)?authorization$/i.test(name) ? /^[A-Za-z][\w-]* /.exec(value)?.[0] : undefined;
  return `${scheme ?? ""}***`;
}
