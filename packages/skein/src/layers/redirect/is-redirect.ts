import type { Response } from "../../core/response.ts";

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Whether a response leads elsewhere; one that does not say where to is an ordinary response (RFC 9110 §10.2.2). */
export function isRedirect({ status, headers }: Response): boolean {
  return REDIRECTS.has(status) && headers.getList("location").some(location => location !== "");
}
