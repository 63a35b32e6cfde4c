import { Client } from "../../packages/skein/dist/index.js";
import { lengthOf } from "./body-client.js";

/** @type {import("./body-client.js").MakeBodyClient} */
export const makeClient = () => bodyClient({});

/**
 * The public client, as its users call it.
 *
 * @param {import("../../packages/skein/dist/index.js").ClientOptions} options
 * @returns {import("./body-client.js").BodyClient}
 */
export function bodyClient(options) {
  const client = new Client(options);
  return {
    streamed: async url => lengthOf((await client.stream(url)).chunks()),
    buffered: async url => (await client.get(url)).bytes().length,
    close: () => client.close(),
  };
}
