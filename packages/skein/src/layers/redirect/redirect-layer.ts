import type { Clock } from "../../core/clock.ts";
import type { Layer } from "../../core/service.ts";
import { followRedirects } from "./follow-redirects.ts";
import { isRedirect } from "./is-redirect.ts";

/**
 * Follows redirects (RFC 9110 §15.4), as many as `context.policies.maxRedirects` says; what the next request may carry
 * is decided in next-request.ts. The final response lists those that led to it in `history`.
 *
 * @throws TooManyRedirects, RedirectRefused, BodyNotReplayable; RemoteProtocolError when Location is not a URL
 */
export function redirectLayer(clock: Clock): Layer {
  return inner => {
    const below = { inner, clock };
    return {
      send: (request, context) =>
        inner.send(request, context).then(response => {
          if (!isRedirect(response)) return response;
          return followRedirects({ request, response }, context, below);
        }),
      close: () => inner.close(),
    };
  };
}
