import type { MakeBodyClient } from "./body-client.ts";
import { bodyClient } from "./skein.ts";

export const makeClient: MakeBodyClient = () => bodyClient({ http2: true });
