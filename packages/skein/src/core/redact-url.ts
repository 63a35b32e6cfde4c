import { isSecretName } from "./secret-names.ts";

const HIDDEN = "***";

/** User name and password of a URL: up to the last @ before its path. */
const USERINFO = /\/\/[^/?#\s"<>]*@/g;
/** A value ends with its URL: at a space or a bracket, or at the colon with which a message goes on. */
const PARAMETER = /([?&])([^?=&#\s]*)=([^&#\s<>"]*?)(?=:?(?:\s|$)|[&#<>"])/g;

/** The URL without user name and password, and without the values of parameters that look like credentials. */
export function redactUrl(url: string): string {
  const href = url.includes("@") ? url.replace(USERINFO, `//${HIDDEN}@`) : url;
  const mark = href.indexOf("?");
  if (mark < 0) return href;
  const hash = href.indexOf("#", mark);
  const query = href.slice(mark + 1, hash < 0 ? undefined : hash);
  const pairs = query.split("&").map(pair => {
    const equals = pair.indexOf("=");
    return equals > 0 && isSecretName(pair.slice(0, equals)) ? `${pair.slice(0, equals)}=${HIDDEN}` : pair;
  });
  return `${href.slice(0, mark + 1)}${pairs.join("&")}${hash < 0 ? "" : href.slice(hash)}`;
}

/**
 * A text with URLs in it, as it may be shown: without user names and passwords, and without the values of parameters
 * that are named like a credential.
 *
 * @example
 * redactUrls("GET https://me:pw@example.com/?token=abc: 404"); // "GET https://***@example.com/?token=***: 404"
 */
export function redactUrls(text: string): string {
  return text
    .replace(USERINFO, `//${HIDDEN}@`)
    .replace(PARAMETER, (whole, mark: string, name: string) =>
      isSecretName(name) ? `${mark}${name}=${HIDDEN}` : whole,
    );
}

/** The URL without user name and password; all else as it was written. */
export function withoutUserinfo(url: string): string {
  return url.includes("@") ? url.replace(USERINFO, "//") : url;
}
