import { Client } from "../../packages/skein/dist/index.js";
import type { MakeClient } from "./client.ts";

/** `client.fetch`, the platform's fetch over Skein's connections. */
export const makeClient: MakeClient = ({ connections }) => {
  const client = new Client({
    limits: { maxConnections: connections, maxConnectionsPerOrigin: connections },
  });
  return {
    async call(url) {
      const response = await client.fetch(url);
      return response.text();
    },
    close: () => client.close(),
  };
};
