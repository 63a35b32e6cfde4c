const SECRET_HEADER =
  /^(proxy-)?authorization$|^(set-)?cookie2?$|token|secret|password|api-?key|session|credential|signature|^x-auth(-|$)/i;
const SECRET_PARAMETER =
  /([?&][^=&#]*(?:token|secret|password|passwd|api_?key|session|signature|credential)[^=&#]*=)[^&#]*/gi;

const HIDDEN = "***";

/** A header's value as it may be shown: of a credential only its scheme (`Bearer ***`). */
export function redactHeader(name: string, value: string): string {
  if (!SECRET_HEADER.test(name)) return value;
  const scheme = /^(proxy-)?authorization$/i.test(name) ? /^[A-Za-z][\w-]* /.exec(value)?.[0] : undefined;
  return `${scheme ?? ""}${HIDDEN}`;
}

/** A URL or request target as it may be shown: values of parameters that are named like a secret are hidden. */
export function redactTarget(target: string): string {
  return target.replace(SECRET_PARAMETER, `$1${HIDDEN}`);
}
