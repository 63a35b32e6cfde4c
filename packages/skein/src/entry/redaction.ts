/** For programs that show requests and responses: what they must leave out. Light, without the client. */

export { redactHeader } from "../core/redact-header.ts";
export { redactUrls } from "../core/redact-url.ts";
