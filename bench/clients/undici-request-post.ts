import { Pool } from "undici";
import type { MakeClient } from "./client.ts";
import { POST_BODY } from "./post-body.ts";

export const makeClient: MakeClient = ({ url, connections }) => {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const headers = { "content-type": "application/json" };
  return {
    async call() {
      const { body } = await pool.request({
        method: "POST",
        path: pathname,
        headers,
        body: JSON.stringify(POST_BODY),
      });
      return body.text();
    },
    close: () => pool.close(),
  };
};
