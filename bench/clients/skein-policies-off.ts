import { Client } from "../../packages/skein/dist/index.js";
import type { MakeClient } from "./client.ts";

/** The same client with all of that explicitly off. */
export const makeClient: MakeClient = ({ connections }) => {
  const client = new Client({
    limits: { maxConnections: connections, maxConnectionsPerOrigin: connections },
    retry: false,
    timeout: false,
    redirect: false,
    cookies: null,
  });
  return {
    async call(url) {
      const response = await client.get(url);
      return response.text();
    },
    close: () => client.close(),
  };
};
