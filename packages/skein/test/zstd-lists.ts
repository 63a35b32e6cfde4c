import zlib from "node:zlib";
import { decodesZstdSoundly } from "../src/runtime/node/codings.ts";

const readsZstd = decodesZstdSoundly(zlib);

/** Whether a list of this name is refused on the Node that runs the tests; and why its test is left out there. */
export const isRefusedHere = (name: string) => name.endsWith("zst") && !readsZstd;
export const NO_ZSTD = `the zstd of Node ${process.version} stops at the end of a frame without a word: lists in it are refused`;
