import type { CookieStore } from "../../core/cookie-store.ts";

/** A cookie jar whose code is loaded by the first call that sends or sets cookies. */
export function jarOnDemand(): CookieStore {
  let loading: Promise<CookieStore> | undefined;
  const jar = () => {
    loading ??= import("../../layers/cookies/cookie-jar.ts").then(({ CookieJar }) => new CookieJar());
    return loading;
  };
  return {
    cookieHeader: async (url, call) => (await jar()).cookieHeader(url, call),
    store: async (url, setCookies) => (await jar()).store(url, setCookies),
  };
}
