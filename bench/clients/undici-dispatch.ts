import { Pool } from "undici";
import type { MakeClient } from "./client.ts";

/** undici's lowest level: callbacks, no body helper. */
export const makeClient: MakeClient = ({ url, connections }) => {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections, pipelining: 1 });
  return {
    call: () =>
      new Promise((resolve, reject) => {
        let text = "";
        pool.dispatch(
          { method: "GET", path: pathname },
          {
            onRequestStart: () => undefined,
            onResponseStart: () => undefined,
            onResponseData: (_controller, chunk) => {
              text += chunk.toString();
            },
            onResponseEnd: () => resolve(text),
            onResponseError: (_controller, error) => reject(error),
          },
        );
      }),
    close: () => pool.close(),
  };
};
