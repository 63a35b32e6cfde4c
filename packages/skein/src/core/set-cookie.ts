import type { Headers } from "./headers.ts";

/** The cookies that a response sets, name → value, without their attributes; of a name that is repeated, the last. */
export function cookiesOf(headers: Headers): Readonly<Record<string, string>> {
  const cookies: Record<string, string> = Object.create(null);
  for (const field of headers.getList("set-cookie")) {
    const [pair = ""] = field.split(";", 1);
    const equals = pair.indexOf("=");
    if (equals > 0) cookies[pair.slice(0, equals).trim()] = pair.slice(equals + 1).trim();
  }
  return cookies;
}
