import { styleText } from "node:util";

/** The few looks that the program uses; never the only bearer of a meaning. */
type Look = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

export type Paint = (look: Look, text: string) => string;

export const noPaint: Paint = (_look, text) => text;

/** Colours where the stream shows them; node:util knows NO_COLOR, FORCE_COLOR and terminals without colours. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  return (look, text) => styleText(look, text, { stream });
}
