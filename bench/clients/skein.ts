import { Client } from "../../packages/skein/dist/index.js";
import type { MakeClient } from "./client.ts";

/** The public client, as its users call it. */
export const makeClient: MakeClient = ({ connections }) => {
  const client = new Client({
    limits: { maxConnections: connections, maxConnectionsPerOrigin: connections },
  });
  return {
    async call(url) {
      const response = await client.get(url);
      return response.text();
    },
    close: () => client.close(),
  };
};
