import type { Response } from "../core/response.ts";

/** The response, where its status is 2xx; else it is thrown. */
export function raise(response: Response): Response {
  // An error is for reading, not for streaming: the body of a refused stream is given up.
  if (!response.ok && !response.hasContent) response.body.cancel("the status is an error");
  return response.raiseForStatus();
}
