import { Client } from "../../packages/skein/dist/index.js";
import type { MakeClient } from "./client.ts";

/** All that a careful program turns on: retries, every timeout, every hook, redirects, and a jar with a cookie that is sent. */
export const makeClient: MakeClient = async ({ url, connections }) => {
  let told = 0;
  const tell = () => {
    told += 1;
  };
  const client = new Client({
    limits: { maxConnections: connections, maxConnectionsPerOrigin: connections },
    retry: 3,
    timeout: { total: "30s", connect: "5s", read: "10s", write: "10s", headers: "10s", pool: "10s" },
    redirect: { max: 5 },
    cookies: true,
    hooks: { request: tell, response: tell, error: tell, retry: tell, redirect: tell },
  });
  await client.get(new URL("/login", url), { raiseForStatus: true });
  return {
    async call(target) {
      const before = told;
      const response = await client.get(target);
      if (told === before) throw new Error("no hook was told");
      return response.text();
    },
    close: () => client.close(),
  };
};
