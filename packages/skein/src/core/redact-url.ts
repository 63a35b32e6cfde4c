/** Query values under such names are credentials more often than not. */
const SECRET_NAME =
  /token|secret|password|passwd|signature|credential|api[-_]?key|access[-_]?key|^(auth|key|sig)$/i;

/** The URL with the values of query parameters that look like credentials replaced: for messages and logs. */
export function redactUrl(href: string): string {
  const mark = href.indexOf("?");
  if (mark < 0) return href;
  const hash = href.indexOf("#", mark);
  const query = href.slice(mark + 1, hash < 0 ? undefined : hash);
  const pairs = query.split("&").map(pair => {
    const equals = pair.indexOf("=");
    return equals > 0 && SECRET_NAME.test(pair.slice(0, equals)) ? `${pair.slice(0, equals)}=***` : pair;
  });
  return `${href.slice(0, mark + 1)}${pairs.join("&")}${hash < 0 ? "" : href.slice(hash)}`;
}
