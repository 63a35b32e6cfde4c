import type { Auth } from "../core/auth.ts";
import type { CookieStore } from "../core/cookie-store.ts";
import { InvalidOption } from "../core/errors.ts";
import { Headers, type HeadersInit } from "../core/headers.ts";
import type { CallAuth, CallSettings } from "../core/request-context.ts";
import type { Url } from "../core/url.ts";
import { BasicAuth } from "../layers/auth/basic-auth.ts";
import { checkGivenCookies, type GivenCookies } from "../layers/cookies/given-cookies.ts";

/** How to prove who is asking; a pair is Basic; `null` or `false` turns it off. */
export type AuthOption = Auth | readonly [username: string, password: string] | null | false;

/** What a client may say of its credentials. */
export interface ClientCredentials {
  /**
   * Sent to the origin of `baseUrl`; without one, to the origin that a call names. Never to another one that a redirect
   * leads to. A request's own authorization header, or user name and password in its URL, come before it.
   */
  auth?: AuthOption | undefined;
  /**
   * Off unless given. `true` keeps cookies in a new jar, as a browser does. An object does so too, and sends its own
   * (name → value) wherever `auth` would be sent, as long as the jar has none of that name. With a jar several clients can
   * share it, and it can be saved.
   */
  cookies?: boolean | Readonly<Record<string, string>> | CookieStore | null | undefined;
}

/** What a call may say of its credentials. */
export interface CallCredentials {
  /** In the place of the client's; never sent to another origin that a redirect leads to. `null` or `false`: none. */
  auth?: AuthOption | undefined;
  /**
   * Sent beside the jar's, and before those of the same name; they are not kept, and never sent to another origin that
   * a redirect leads to. `null` or `false`: this call neither sends nor keeps any.
   */
  cookies?: Readonly<Record<string, string>> | null | false | undefined;
}

/** The cookies of a client, checked. */
export interface CookieSettings {
  readonly store: CookieStore | undefined;
  readonly given: GivenCookies;
}

export const CREDENTIAL_NAMES = ["auth", "cookies"] as const;
export const NO_COOKIES: CookieSettings = Object.freeze({ store: undefined, given: Object.freeze({}) });

/** The auth of a client; `base` is that of the client which it extends. */
export function clientAuth(
  base: CallAuth | undefined,
  options: ClientCredentials & { headers?: HeadersInit },
  baseUrl: Url | undefined,
): CallAuth | undefined {
  if (options.auth === undefined) return base && { ...base, origin: baseUrl?.origin };
  const auth = readAuth(options);
  return auth && { auth, origin: baseUrl?.origin, isOwn: false };
}

/** The cookies of a client; `base` is those of the client which it extends. */
export function clientCookies(
  base: CookieSettings,
  cookies: ClientCredentials["cookies"],
  newJar: () => CookieStore,
): CookieSettings {
  if (cookies === undefined) return base;
  if (cookies === null || cookies === false) return NO_COOKIES;
  if (cookies === true) return { store: base.store ?? newJar(), given: base.given };
  if (isStore(cookies)) return { store: cookies, given: base.given };
  return { store: base.store ?? newJar(), given: { ...base.given, ...readCookies(cookies) } };
}

/** A client that extends another with `auth` or `cookies` means them, and no more the header that came from there. */
export function replaceCredentials(headers: Headers, { auth, cookies }: ClientCredentials): Headers {
  const kept = auth === undefined ? headers : headers.without("authorization");
  return cookies === undefined ? kept : kept.without("cookie");
}

/** The settings of one call: `base`, but for what its own credentials say. */
export function overrideCredentials(
  base: CallSettings,
  options: CallCredentials & { headers?: HeadersInit },
): CallSettings {
  if (options.auth === undefined && options.cookies === undefined) return base;
  return Object.freeze({ ...base, ...ownAuth(options), ...ownCookies(options) });
}

function ownAuth(options: CallCredentials & { headers?: HeadersInit }): { auth?: CallAuth | undefined } {
  if (options.auth === undefined) return {};
  const auth = readAuth(options);
  return { auth: auth && { auth, origin: undefined, isOwn: true } };
}

function ownCookies({ cookies, headers }: CallCredentials & { headers?: HeadersInit }): {
  cookies?: GivenCookies | null;
} {
  if (cookies === undefined) return {};
  if (cookies === null || cookies === false) return { cookies: null };
  refuseBoth(headers, "cookie", "cookies");
  return { cookies: readCookies(cookies) };
}

function readAuth({ auth, headers }: ClientCredentials & { headers?: HeadersInit }): Auth | undefined {
  if (auth === undefined || auth === null || auth === false) return undefined;
  refuseBoth(headers, "authorization", "auth");
  if (isPair(auth)) return new BasicAuth(auth[0], auth[1]);
  if (typeof (auth as Partial<Auth>).flow === "function") return auth as Auth;
  throw new InvalidOption(
    "auth: expected [user, password], an Auth such as new BearerAuth(token), or null for none",
  );
}

function isPair(auth: unknown): auth is readonly [string, string] {
  return Array.isArray(auth) && auth.length === 2;
}

function readCookies(cookies: unknown): GivenCookies {
  if (typeof cookies !== "object" || cookies === null || Array.isArray(cookies))
    throw new InvalidOption(`cookies: expected an object, name → value; got ${typeof cookies}`);
  return checkGivenCookies(cookies as Record<string, unknown>);
}

function isStore(cookies: object): cookies is CookieStore {
  const { cookieHeader, store } = cookies as Partial<CookieStore>;
  return typeof cookieHeader === "function" && typeof store === "function";
}

/** Two that say the same thing are a mistake: one of them would be left out without a word. */
function refuseBoth(headers: HeadersInit | undefined, header: string, option: string): void {
  // An iterator could be read only once; the request needs it.
  if (headers === undefined || (Symbol.iterator in headers && !isReadableTwice(headers))) return;
  if (!Headers.from(headers).has(header)) return;
  throw new InvalidOption(`${option}: give it or the header "${header}", not both`);
}

function isReadableTwice(headers: HeadersInit): boolean {
  return headers instanceof Headers || Array.isArray(headers) || headers instanceof Map;
}

/**
 * Refuses credentials where a request is only built: they belong to the call.
 *
 * @throws InvalidOption naming the option
 */
export function refuseCredentials(options: object, instead: string): void {
  const given = CREDENTIAL_NAMES.find(name => (options as CallCredentials)[name] !== undefined);
  if (given !== undefined) throw new InvalidOption(`${given}: a built request carries none; ${instead}`);
}
