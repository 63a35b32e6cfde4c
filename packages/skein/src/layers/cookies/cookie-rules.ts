import type { Cookie } from "tough-cookie";
import { hasControlCharacters } from "../../core/control-characters.ts";

/** RFC 6265bis §5.6: what is longer is refused. */
const MAX_NAME_AND_VALUE = 4096;
const MAX_ATTRIBUTE = 1024;

/**
 * Why a cookie is refused, by what RFC 6265bis asks beside the rules of tough-cookie; undefined when it is welcome.
 */
export function whyRefused(cookie: Cookie): string | undefined {
  const { key, value, domain, path } = cookie;
  if (key.length + value.length > MAX_NAME_AND_VALUE)
    return `it is longer than ${MAX_NAME_AND_VALUE} characters`;
  if ((path?.length ?? 0) > MAX_ATTRIBUTE || (domain?.length ?? 0) > MAX_ATTRIBUTE)
    return `an attribute is longer than ${MAX_ATTRIBUTE} characters`;
  if (hasControlCharacters(key + value)) return "it holds control characters";
  if (cookie.sameSite === "none" && !cookie.secure) return "SameSite=None needs Secure";
  return misusedPrefix(cookie);
}

/** §5.7 compares the prefixes in any case: some servers read names that way, so `__HOST-` must not be a way around. */
function misusedPrefix(cookie: Cookie): string | undefined {
  const name = cookie.key.toLowerCase();
  if (name.startsWith("__secure-") && !cookie.secure) return "__Secure- needs Secure";
  if (name.startsWith("__host-") && (!cookie.secure || cookie.domain !== null || cookie.path !== "/"))
    return "__Host- needs Secure, Path=/ and no Domain";
  return undefined;
}
