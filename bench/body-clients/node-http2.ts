import { connect } from "node:http2";
import { lengthOf, type MakeBodyClient } from "./body-client.ts";

export const makeClient: MakeBodyClient = url => {
  const { origin, pathname } = new URL(url);
  const session = connect(origin);
  const request = () => session.request({ ":path": pathname }).end();
  return {
    streamed: () => lengthOf(request()),
    buffered: async () => Buffer.concat(await Array.fromAsync<Buffer>(request())).length,
    close: () => session.close(),
  };
};
