import { bodyClient } from "./skein.js";

/** @type {import("./body-client.js").MakeBodyClient} */
export const makeClient = () => bodyClient({ http2: true });
