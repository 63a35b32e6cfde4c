import { connect } from "node:http2";
import type { MakeClient } from "./client.ts";

export const makeClient: MakeClient = ({ url }) => {
  const { origin, pathname } = new URL(url);
  const session = connect(origin);
  return {
    call: () =>
      new Promise((resolve, reject) => {
        let text = "";
        session
          .request({ ":path": pathname })
          .setEncoding("utf8")
          .on("data", chunk => {
            text += chunk;
          })
          .on("end", () => resolve(text))
          .on("error", reject)
          .end();
      }),
    close: () => session.close(),
  };
};
