import { connect } from "node:http2";
import { lengthOf } from "./body-client.js";

/** @type {import("./body-client.js").MakeBodyClient} */
export const makeClient = url => {
  const { origin, pathname } = new URL(url);
  const session = connect(origin);
  const request = () => session.request({ ":path": pathname }).end();
  return {
    streamed: () => lengthOf(request()),
    buffered: async () => Buffer.concat(await Array.fromAsync(request())).length,
    close: () => session.close(),
  };
};
