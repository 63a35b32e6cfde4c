import type { IncomingBody } from "../../core/incoming-body.ts";
import type { Decompressor } from "../../core/ports.ts";
import { type Coding, soundCodings } from "./codings.ts";
import { DecodedBody } from "./decoded-body.ts";

let accepts: readonly string[] | undefined;

/** Takes content codings off with node:zlib, which is loaded when this is first used. */
export const nodeDecompressor: Decompressor = {
  get accepts() {
    accepts ??= [...soundCodings().keys()];
    return accepts;
  },
  decompress(body: IncomingBody, codings: readonly string[]): IncomingBody {
    return new DecodedBody(body, codings.map(known).reverse());
  },
};

function known(name: string): Coding {
  const coding = soundCodings().get(name);
  if (coding === undefined) throw new TypeError(`the content coding "${name}" is not one of \`accepts\``);
  return coding;
}
