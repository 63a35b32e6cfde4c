import { Pool } from "undici";
import { lengthOf } from "./body-client.js";

/** @type {import("./body-client.js").MakeBodyClient} */
export const makeClient = url => {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: 1 });
  const request = () => pool.request({ method: "GET", path: pathname });
  return {
    streamed: async () => lengthOf((await request()).body),
    buffered: async () => (await (await request()).body.bytes()).length,
    close: () => pool.close(),
  };
};
