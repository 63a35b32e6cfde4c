import { DecodingError } from "./errors.ts";
import { messageOf } from "./message-of.ts";

/** Reads JSON text in the place of `JSON.parse`: for exact numbers, dates, or a dialect. */
export type ParseJson = (text: string) => unknown;

/** Writes JSON text in the place of `JSON.stringify`. */
export type StringifyJson = (value: unknown) => string;

const QUOTED_CHARACTERS = 80;

/**
 * The value of a JSON text.
 *
 * @param what the text, as a message names it: "the body", "line 3"
 * @throws DecodingError that quotes the beginning
 */
export function readJson(text: string, what: string, parse: ParseJson | undefined): unknown {
  try {
    return parse === undefined ? JSON.parse(text) : parse(text);
  } catch (cause) {
    const quoted = JSON.stringify(
      text.length > QUOTED_CHARACTERS ? `${text.slice(0, QUOTED_CHARACTERS)}…` : text,
    );
    const reason =
      parse === undefined
        ? `${what} is not JSON: ${quoted}`
        : `parseJson refuses ${what}: ${messageOf(cause)}: ${quoted}`;
    throw new DecodingError("INVALID_JSON", reason, { cause, phase: "body" });
  }
}
