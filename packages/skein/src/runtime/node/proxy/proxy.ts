import { basicCredentials, checkCredentials } from "../../../core/basic-credentials.ts";
import { InvalidOption } from "../../../core/errors.ts";
import { messageOf } from "../../../core/message-of.ts";
import { checkNames } from "../../../core/option-names.ts";
import { ownOptions } from "../../../core/own-options.ts";
import type { TlsOptions } from "../../../core/ports.ts";
import type { ProxySettings } from "../../../core/proxy-options.ts";
import { redactUrl } from "../../../core/redact-url.ts";
import { type Origin, parseUrl, type Url } from "../../../core/url.ts";
import { encodeFields } from "../../../protocol/http1/request-writer.ts";
import type { SocksCredentials } from "../../../protocol/socks5/socks5-client.ts";
import { type NoProxy, parseNoProxy } from "./no-proxy.ts";

type ProxyScheme = "http" | "https" | "socks5" | "socks5h";

/** One proxy, its settings checked. */
export interface ProxyServer {
  readonly scheme: ProxyScheme;
  /** Where it is; of scheme `https` where TLS is spoken to it. */
  readonly origin: Origin;
  /** Its URL, without user name and password. */
  readonly name: string;
  /** Field lines for it, credentials among them. */
  readonly fields: string;
  readonly credentials: SocksCredentials | undefined;
  readonly tls: TlsOptions;
  readonly bypasses: NoProxy;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443, socks5: 1080, socks5h: 1080 };
const SETTINGS = ["url", "auth", "headers", "tls", "noProxy"];
/** What frames a message, or says for whom it is, is not for callers to say. */
const NOT_FOR_CALLERS = new Set(["host", "content-length", "transfer-encoding", "connection"]);
const utf8 = new TextEncoder();

/**
 * @param where how the caller knows it: "proxy", "HTTPS_PROXY"
 * @throws InvalidOption naming what can't be used; a password is never in it
 */
export function parseProxy(given: string | URL | ProxySettings, where: string): ProxyServer {
  if (typeof given === "string" || given instanceof URL) return readProxy({ url: given }, where);
  if (typeof given !== "object" || given === null)
    throw new InvalidOption(`${where}: expected a URL, or an object with one; got ${typeof given}`);
  return readProxy(checkNames(given, SETTINGS, where), where);
}

function readProxy({ url, auth, headers, tls, noProxy }: ProxySettings, where: string): ProxyServer {
  const { scheme, origin, userinfo } = readUrl(url, where);
  const isSocks = scheme.startsWith("socks");
  const credentials = readCredentials(userinfo, auth, where);
  if (isSocks && headers !== undefined) throw new InvalidOption(`${where}.headers: SOCKS has no fields`);
  if (scheme !== "https" && tls !== undefined)
    throw new InvalidOption(
      `${where}.tls: is for proxies that speak TLS, and ${scheme}: ones do not; the client's own tls is for servers`,
    );
  if (noProxy !== undefined && typeof noProxy !== "string")
    throw new InvalidOption(`${where}.noProxy: expected text such as "localhost,.internal.example"`);
  return {
    scheme,
    origin,
    name: `${scheme}://${origin.key.slice(origin.key.indexOf("//") + 2)}`,
    fields: isSocks ? "" : readFields(headers, credentials, where),
    credentials: isSocks && credentials !== undefined ? forSocks(credentials, where) : undefined,
    tls: ownOptions(tls ?? {}),
    bypasses: parseNoProxy(noProxy ?? ""),
  };
}

interface ProxyUrl {
  readonly scheme: ProxyScheme;
  readonly origin: Origin;
  readonly userinfo: Url["userinfo"];
}

function readUrl(given: string | URL, where: string): ProxyUrl {
  const text = String(given).trim();
  const [, scheme = "http", rest = text] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text) ?? [];
  const known = scheme.toLowerCase();
  if (!Object.hasOwn(DEFAULT_PORTS, known))
    throw new InvalidOption(
      `${where}: a proxy of scheme "${scheme}" can't be used; expected http, https, socks5 or socks5h`,
    );
  const outer = known === "https" ? "https" : "http";
  const shown = redactUrl(`${known}://${rest}`);
  const [url, port] = readParts(rest, outer, DEFAULT_PORTS[known]!) ?? [];
  if (url === undefined || url.target !== "/" || url.hash !== "")
    throw new InvalidOption(
      `${where}: expected a proxy's URL, such as http://proxy.example:3128; got ${JSON.stringify(shown)}`,
    );
  const { hostname } = url.origin;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const { origin } = parseUrl(`${outer}://${host}:${port}/`);
  return { scheme: known as ProxyScheme, origin, userinfo: url.userinfo };
}

function readParts(rest: string, outer: string, standardPort: number): [Url, number] | undefined {
  const [web, other] = [`${outer}://${rest}`, `ftp://${rest}`];
  if (!URL.canParse(web) || !URL.canParse(other)) return undefined;
  // A URL does not tell the port that is its scheme's own from none: of two schemes, one tells.
  const port = new URL(web).port || new URL(other).port;
  return [parseUrl(web), port === "" ? standardPort : Number(port)];
}

interface Credentials {
  readonly username: string;
  readonly password: string;
}

function readCredentials(
  userinfo: Credentials | undefined,
  auth: ProxySettings["auth"],
  where: string,
): Credentials | undefined {
  if (auth === undefined) {
    if (userinfo !== undefined) checkCredentials(userinfo.username, userinfo.password, where);
    return userinfo;
  }
  if (userinfo !== undefined)
    throw new InvalidOption(`${where}: auth, and credentials in the URL as well: leave one of them out`);
  if (!Array.isArray(auth)) throw new InvalidOption(`${where}.auth: expected [username, password]`);
  const [username, password] = auth as readonly string[];
  checkCredentials(username, password, `${where}.auth`);
  return { username: username!, password: password! };
}

function readFields(
  headers: ProxySettings["headers"] = {},
  credentials: Credentials | undefined,
  where: string,
): string {
  const fields = Object.entries(headers);
  for (const [name, value] of fields) {
    const plain = name.toLowerCase();
    if (typeof value !== "string")
      throw new InvalidOption(`${where}.headers: ${JSON.stringify(name)}: expected text`);
    if (NOT_FOR_CALLERS.has(plain) || (plain === "proxy-authorization" && credentials !== undefined))
      throw new InvalidOption(`${where}.headers: ${JSON.stringify(name)} is set by the client`);
  }
  if (credentials !== undefined)
    fields.push(["Proxy-Authorization", basicCredentials(credentials.username, credentials.password)]);
  try {
    return encodeFields(fields);
  } catch (error) {
    throw new InvalidOption(`${where}.headers: ${messageOf(error)}`);
  }
}

/** RFC 1929: their lengths are one byte each. */
function forSocks({ username, password }: Credentials, where: string): SocksCredentials {
  const credentials = { username: utf8.encode(username), password: utf8.encode(password) };
  const lengths = [credentials.username.length, credentials.password.length];
  if (lengths.some(length => length < 1 || length > 255))
    throw new InvalidOption(`${where}: SOCKS takes user names and passwords of 1 to 255 bytes`);
  return credentials;
}
