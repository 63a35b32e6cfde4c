import type { Headers } from "../../core/headers.ts";

/** The directives of a Cache-Control field (RFC 9111 §5.2), by lower-case name; the value is empty where there is none. */
export function directivesOf(headers: Headers): ReadonlyMap<string, string> {
  const directives = new Map<string, string>();
  for (const part of (headers.get("cache-control") ?? "").split(",")) {
    const equals = part.indexOf("=");
    const name = part
      .slice(0, equals < 0 ? undefined : equals)
      .trim()
      .toLowerCase();
    const value = equals < 0 ? "" : part.slice(equals + 1).trim();
    if (name !== "" && !directives.has(name)) directives.set(name, value.replace(/^"|"$/g, ""));
  }
  return directives;
}

/** A number of seconds; 0 where there is none. */
export function secondsOf(directives: ReadonlyMap<string, string>, name: string): number {
  const value = directives.get(name) ?? "";
  return /^\d+$/.test(value) ? Number(value) : 0;
}
