import { InvalidOption } from "../../core/errors.ts";
import { isWireSafe } from "./cookie-pair.ts";

export type SameSite = "strict" | "lax" | "none";

/** A cookie as `save()` writes it, and as `entries()` shows it. */
export interface SavedCookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly path: string;
  /** Sent to exactly this host, and not to its subdomains. */
  readonly hostOnly: boolean;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite?: SameSite;
  /** ISO 8601; absent where the cookie ends with the session. */
  readonly expires?: string;
  /** ISO 8601: older ones are sent first, where paths are of one length. */
  readonly created: string;
}

/** What `CookieJar.save()` returns: plain JSON. */
export interface SavedCookies {
  readonly version: 1;
  readonly cookies: readonly SavedCookie[];
}

/** The fields of a saved cookie, and what each must be. */
const SHAPE: { readonly [K in keyof SavedCookie]-?: (value: unknown) => boolean } = {
  name: isText,
  value: isText,
  domain: value => isText(value) && value !== "",
  path: value => typeof value === "string" && value.startsWith("/"),
  hostOnly: isFlag,
  secure: isFlag,
  httpOnly: isFlag,
  sameSite: value => value === undefined || value === "strict" || value === "lax" || value === "none",
  expires: value => value === undefined || isTime(value),
  created: isTime,
};

/**
 * Checks what a file or a database gave back.
 *
 * @throws InvalidOption naming the place, never a value
 */
export function checkSaved(saved: unknown): readonly SavedCookie[] {
  const { version, cookies } = (saved ?? {}) as { version?: unknown; cookies?: unknown };
  if (version !== 1 || !Array.isArray(cookies))
    throw new InvalidOption("CookieJar.load: expected what save() returned: { version: 1, cookies: […] }");
  for (const [index, cookie] of cookies.entries()) checkCookieShape(cookie, `cookies[${index}]`);
  return cookies as readonly SavedCookie[];
}

function checkCookieShape(cookie: unknown, place: string): void {
  if (typeof cookie !== "object" || cookie === null)
    throw new InvalidOption(`CookieJar.load: ${place}: expected an object`);
  const fields = cookie as Record<string, unknown>;
  for (const [name, isRight] of Object.entries(SHAPE)) {
    if (!isRight(fields[name])) throw new InvalidOption(`CookieJar.load: ${place}.${name} is not valid`);
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string" && isWireSafe(value);
}

function isFlag(value: unknown): boolean {
  return typeof value === "boolean";
}

function isTime(value: unknown): boolean {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}
