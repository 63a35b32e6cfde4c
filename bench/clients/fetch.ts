import type { MakeClient } from "./client.ts";

/** Node's own. */
export const makeClient: MakeClient = () => ({
  async call(url) {
    const response = await fetch(url);
    return response.text();
  },
  close: () => undefined,
});
