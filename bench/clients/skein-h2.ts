import { Client } from "../../packages/skein/dist/index.js";
import type { MakeClient } from "./client.ts";

/** The public client, all calls over one connection. */
export const makeClient: MakeClient = () => {
  const client = new Client({
    http2: true,
    limits: { maxConnectionsPerOrigin: 1, maxInFlightPerOrigin: 1_000 },
  });
  return {
    async call(url) {
      const response = await client.get(url);
      if (response.httpVersion !== "2") throw new Error(`HTTP/${response.httpVersion}`);
      return response.text();
    },
    close: () => client.close(),
  };
};
