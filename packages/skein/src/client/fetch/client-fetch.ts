import type { Response } from "../../core/response.ts";
import { buildRequest } from "../build-request.ts";
import { Call } from "../call.ts";
import type { ClientAccess } from "../client-access.ts";
import { type Fetch, makeFetch } from "./fetch.ts";
import type { FetchRequest } from "./fetch-request.ts";

/** The `fetch` of a client, through its layers. */
export function clientFetch(client: ClientAccess): Fetch {
  return makeFetch(request => send(client, request));
}

function send(client: ClientAccess, fetched: FetchRequest): Promise<Response> {
  const { url, method, headers, body, signal, redirect } = fetched;
  const { settings } = client;
  refuseUserinfo(url);
  // As with every fetch, a whole URL is sent where it says; the base URL is for the others.
  const target = settings.baseUrl !== undefined && URL.canParse(url) ? new URL(url) : url;
  const spec = { url: target, options: headers === undefined ? undefined : { headers } };
  const request = buildRequest(settings, method, spec);
  const built = body === undefined ? request : request.with({ body });
  const options = redirect === "follow" ? signal && { signal } : { signal, redirect: false as const };
  return client.run(new Call(method, { url, options, built }), settings.fetch);
}

/** As the Fetch standard has it ("new Request", step 5). A base URL may have them: that is the client's own. */
function refuseUserinfo(url: string): void {
  if (!url.includes("@") || !URL.canParse(url)) return;
  const { username, password } = new URL(url);
  if (username !== "" || password !== "")
    throw new TypeError("fetch: a URL with user name or password is refused; give an authorization header");
}
