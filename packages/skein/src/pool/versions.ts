import type { HttpVersions } from "../core/http-versions.ts";
import type { Request } from "../core/request.ts";
import type { RequestContext } from "../core/request-context.ts";
import { type Origin, overHttp1 } from "../core/url.ts";
import type { PoolOptions } from "./limits.ts";

/** Where the connections of a request are kept: one that leaves HTTP needs one of HTTP/1.1, and those are kept apart. */
export function originOf(
  { url }: Request,
  { raw }: RequestContext,
  { versions }: Pick<PoolOptions, "versions">,
): Origin {
  return raw && versions.http1 && mayMultiplex(url.origin, versions) ? overHttp1(url.origin) : url.origin;
}

/** Whether a connection to it may turn out to carry many requests at once. */
export function mayMultiplex({ scheme, onlyHttp1 }: Origin, { http1, http2 }: HttpVersions): boolean {
  return http2 && onlyHttp1 !== true && (scheme === "https" || !http1);
}
