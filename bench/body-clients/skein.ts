import { Client, type ClientOptions } from "../../packages/skein/dist/index.js";
import { type BodyClient, lengthOf, type MakeBodyClient } from "./body-client.ts";

export const makeClient: MakeBodyClient = () => bodyClient({});

/** The public client, as its users call it. */
export function bodyClient(options: ClientOptions): BodyClient {
  const client = new Client(options);
  return {
    streamed: async url => lengthOf((await client.stream(url)).chunks()),
    buffered: async url => (await client.get(url)).bytes().length,
    close: () => client.close(),
  };
}
