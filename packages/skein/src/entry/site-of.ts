/** The registrable domain of a host, by the Public Suffix List, for programs that limit what goes to one; the list comes with it. */

export { siteOf } from "../layers/cookies/site-of.ts";
