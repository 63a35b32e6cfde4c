import { basicCredentials } from "../../core/basic-credentials.ts";
import { type HTTPStatusError, InvalidOption, isSkeinError, RemoteProtocolError } from "../../core/errors.ts";
import { Headers } from "../../core/headers.ts";
import type { Request } from "../../core/request.ts";
import type { Response } from "../../core/response.ts";
import { type BodilessOptions, buildRequest } from "../build-request.ts";
import { Call } from "../call.ts";
import type { ClientAccess } from "../client-access.ts";
import { completeError } from "../complete-error.ts";
import { PROGRESS_NAMES } from "../progress-options.ts";
import { RawStream } from "./raw-stream.ts";

/** Of a call that ends with a raw stream. `timeout` counts until the server has answered. */
type RawOptions = Omit<
  BodilessOptions,
  | "fallback"
  | "raiseForStatus"
  | "defaultEncoding"
  | "parseJson"
  | "cache"
  | "onUploadProgress"
  | "onDownloadProgress"
>;

export interface UpgradeOptions extends RawOptions {
  /** The protocol to switch to, as the Upgrade field names it: "websocket". */
  protocol: string;
}

export type TunnelOptions = Omit<RawOptions, "auth" | "cookies" | "redirect" | "params" | "idempotencyKey">;

const OF_A_BODY =
  "content json form multipart stringifyJson parseJson fallback raiseForStatus defaultEncoding cache".split(
    " ",
  );
const NOT_RAW = [...OF_A_BODY, ...PROGRESS_NAMES];
const NOT_OF_A_TUNNEL = [...NOT_RAW, "auth", "cookies", "redirect", "params", "idempotencyKey"];
const PROTOCOL = /^[\w!#$%&'*+.^`|~-]+(\/[\w!#$%&'*+.^`|~-]+)?$/;
const AUTHORITY = /^([^\s/?#@\\]+):(\d{1,5})$/;

/** How much of a refusal's body is read, for its error. */
const MAX_REFUSAL_BYTES = 64 * 1024;

/** RFC 9110 §7.8: asks the server to go on in another protocol. */
export async function openUpgrade(
  client: ClientAccess,
  url: string | URL,
  { protocol, ...options }: UpgradeOptions,
): Promise<RawStream> {
  refuseNames(options, NOT_RAW, "upgrade");
  if (typeof protocol !== "string" || !PROTOCOL.test(protocol))
    throw new InvalidOption(`protocol: expected a name such as "websocket"; got ${JSON.stringify(protocol)}`);
  const plain = buildRequest(client.settings, "GET", { url, options });
  const headers = plain.headers.with("Connection", "Upgrade").with("Upgrade", protocol);
  const response = await send(client, plain.with({ headers }), options);
  if (response.status !== 101) throw await refusal(response, `did not switch to ${protocol}`);
  const chosen = response.headers.get("upgrade") ?? "";
  if (chosen.toLowerCase() === protocol.toLowerCase()) return rawStream(response);
  response.body.cancel("another protocol");
  const reason = `the server switches to ${JSON.stringify(chosen)}, and not to ${protocol}`;
  const error = new RemoteProtocolError("INVALID_RESPONSE", reason, {
    phase: "headers",
    requestSent: "full",
  });
  throw completeError(error, { request: response.request, elapsed: 0, attempts: 1 });
}

/** RFC 9110 §9.3.6: asks the proxy at `url` for a tunnel to `authority`. */
export async function openTunnel(
  client: ClientAccess,
  { url, authority }: { url: string | URL; authority: string },
  options: TunnelOptions,
): Promise<RawStream> {
  refuseNames(options, NOT_OF_A_TUNNEL, "tunnel");
  const target = requireAuthority(authority);
  const { headers: given, ...rest } = options;
  const plain = buildRequest(client.settings, "CONNECT", { url, options: rest });
  // What the client sends to servers is no business of the proxy: only what was given for it goes there.
  const { userinfo } = plain.url;
  const own = Headers.from({ host: target, "user-agent": client.settings.headers.get("user-agent") });
  const proven =
    userinfo === undefined
      ? own
      : own.with("Proxy-Authorization", basicCredentials(userinfo.username, userinfo.password));
  const request = plain.with({ url: plain.url.withTarget(target), headers: proven.merge(given) });
  const response = await send(client, request, { ...rest, redirect: false, auth: null, cookies: null });
  if (!response.ok) throw await refusal(response, `opened no tunnel to ${target}`);
  return rawStream(response);
}

function send(client: ClientAccess, built: Request, options: RawOptions): Promise<Response> {
  const call = new Call(built.method, { url: built.url.href, options, built });
  const settings = { ...client.settings.streaming, raw: true, bypassesCache: true, raiseForStatus: false };
  return client.run(call, settings);
}

function rawStream(response: Response): RawStream {
  const body = response.body.encoded ?? response.body;
  if (body.raw !== undefined) return new RawStream(response, body, body.raw);
  response.body.cancel("not to be had raw");
  throw new InvalidOption("this client's transport has no way to hand over a connection");
}

/** What the server said in the place of leaving HTTP. */
async function refusal(response: Response, what: string): Promise<HTTPStatusError<Response>> {
  try {
    response.setContent(await response.body.collect(MAX_REFUSAL_BYTES));
  } catch (cause) {
    // The status is the error; a body that is too long or cut only leaves out what it says.
    if (!isSkeinError(cause)) throw cause;
  }
  const error = response.toStatusError();
  error.reason = `${error.reason}; it ${what}`;
  error.message = `${response.request}: ${error.reason}`;
  return error;
}

function requireAuthority(authority: string): string {
  const [, host = "", port = ""] = AUTHORITY.exec(authority) ?? [];
  const url = `http://${host}/`;
  if (host === "" || Number(port) < 1 || Number(port) > 65_535 || !URL.canParse(url)) {
    const got = JSON.stringify(authority);
    throw new InvalidOption(`tunnel: expected a host with its port, such as "example.com:443"; got ${got}`);
  }
  return `${new URL(url).hostname}:${Number(port)}`;
}

function refuseNames(options: object, names: readonly string[], method: string): void {
  const refused = names.find(name => Object.hasOwn(options, name));
  if (refused !== undefined) throw new InvalidOption(`${refused}: ${method} has no such option`);
}
