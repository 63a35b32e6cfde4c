import { Agent } from "node:http";
import got from "got";
import type { MakeClient } from "./client.ts";

export const makeClient: MakeClient = ({ connections }) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const client = got.extend({ agent: { http: agent } });
  return { call: url => client.get(url).text(), close: () => agent.destroy() };
};
