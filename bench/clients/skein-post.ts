import { Client } from "../../packages/skein/dist/index.js";
import type { MakeClient } from "./client.ts";
import { POST_BODY } from "./post-body.ts";

export const makeClient: MakeClient = ({ connections }) => {
  const client = new Client({
    limits: { maxConnections: connections, maxConnectionsPerOrigin: connections },
  });
  return {
    async call(url) {
      const response = await client.post(url, { json: POST_BODY });
      return response.text();
    },
    close: () => client.close(),
  };
};
