import { Agent } from "node:http";
import axios from "axios";
import type { MakeClient } from "./client.ts";

export const makeClient: MakeClient = ({ connections }) => {
  const httpAgent = new Agent({ keepAlive: true, maxSockets: connections });
  const client = axios.create({ httpAgent, responseType: "text" });
  return {
    async call(url) {
      const { data } = await client.get<string>(url);
      return data;
    },
    close: () => httpAgent.destroy(),
  };
};
