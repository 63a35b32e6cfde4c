import { Pool } from "undici";
import type { MakeClient } from "./client.ts";

export const makeClient: MakeClient = ({ url, connections }) => {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: 1, allowH2: true, pipelining: connections });
  return {
    async call() {
      const { body } = await pool.request({ method: "GET", path: pathname });
      return body.text();
    },
    close: () => pool.close(),
  };
};
