import { isSkeinError, RedirectRefused } from "../../core/errors.ts";
import type { Response } from "../../core/response.ts";
import { type FetchInit, type FetchRequest, readFetchRequest } from "./fetch-request.ts";
import { fetchError, toWebResponse } from "./fetch-response.ts";

/** As the platform's `fetch` is called. */
export type Fetch = typeof globalThis.fetch;

/** Sends a request through a client's layers; its body streams. With `follow: false` a redirect is returned as it is. */
export type SendFetch = (request: FetchRequest) => Promise<Response>;

/**
 * A `fetch` (WHATWG Fetch standard) over a client: real `Response` objects, no retry, and no timeout but those that were
 * set. Failures are a TypeError whose `cause` is the client's error; an abort rejects with the reason of its signal.
 */
export function makeFetch(send: SendFetch): Fetch {
  return async (input: unknown, init?: FetchInit) => {
    let response: Response;
    try {
      const read = readFetchRequest(input, init);
      // Awaiting costs a turn: only where there is something to wait for.
      const request = read instanceof Promise ? await read : read;
      response = await send(request);
      if (request.redirect === "error") refuseRedirect(response);
    } catch (error) {
      throw isSkeinError(error) ? fetchError(error) : error;
    }
    return toWebResponse(response);
  };
}

function refuseRedirect(response: Response): void {
  if (!response.isRedirect) return;
  response.body.cancel("a redirect is an error");
  throw new RedirectRefused("REDIRECT_REFUSED", "unexpected redirect", {
    phase: "redirect",
    requestSent: "full",
  });
}
