import type { TextPort } from "../../core/ports.ts";

const latin1Slice = Buffer.prototype.latin1Slice;

export const nodeText: TextPort = {
  latin1: (bytes, start, end) => latin1Slice.call(bytes as Buffer, start, end),
};
