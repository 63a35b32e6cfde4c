import { getPublicSuffix } from "tough-cookie";

/** The registrable domain (`example.co.uk`); the host itself where it has none: an IP address, a public suffix. */
export function siteOf(host: string): string {
  return getPublicSuffix(host, { allowSpecialUseDomain: true, ignoreError: true }) ?? host;
}
