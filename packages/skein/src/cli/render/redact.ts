const SECRET_HEADER =
  /^(proxy-)?authorization$|^(set-)?cookie2?$|token|secret|password|api-?key|session|credential|signature|^x-auth(-|$)/i;
/** A value ends with its URL: at a space, or at the colon with which a message goes on. */
const SECRET_PARAMETER =
  /([?&][^=&#\s]*(?:token|secret|password|passwd|api_?key|session|signature|credential)[^=&#\s]*=)[^&#\s]*?(?=:?(?:\s|$)|[&#])/gi;

const HIDDEN = "***";

/** A header's value as it may be shown: of a credential only its scheme (`Bearer ***`). */
export function redactHeader(name: string, value: string): string {
  if (!SECRET_HEADER.test(name)) return value;
  const scheme = /^(proxy-)?authorization$/i.test(name) ? /^[A-Za-z][\w-]* /.exec(value)?.[0] : undefined;
  return `${scheme ?? ""}${HIDDEN}`;
}

/** A URL, or a message that holds one, as it may be shown: parameters that are named like a secret have no value. */
export function redactUrls(text: string): string {
  return text.replace(SECRET_PARAMETER, `$1${HIDDEN}`);
}
