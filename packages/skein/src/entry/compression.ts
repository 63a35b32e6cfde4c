/** For what reads packed files: whether this runtime's zstd can be relied upon, and where a frame ends. */

export { decodesZstdSoundly } from "../runtime/node/codings.ts";
export { ZstdFrames } from "../runtime/node/zstd-frames.ts";
