import type { RequestContext } from "../../core/request-context.ts";
import type { Response } from "../../core/response.ts";

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Whether a response leads elsewhere; one that does not say where to is an ordinary response (RFC 9110 §10.2.2). */
export function isRedirect({ status, headers }: Response): boolean {
  return REDIRECTS.has(status) && headers.getList("location").some(location => location !== "");
}

/** Whether the call goes on to where a response leads. */
export function isFollowed(response: Response, { policies }: RequestContext): boolean {
  return isRedirect(response) && policies.maxRedirects > 0;
}
