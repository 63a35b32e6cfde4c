import { HandlerError, InvalidOption } from "../core/errors.ts";
import type { StringifyJson } from "../core/json.ts";
import { messageOf } from "../core/message-of.ts";
import { requireFunction } from "../core/option-names.ts";

/**
 * The function that writes the JSON of a request: its own, or its client's; undefined where that is `JSON.stringify`.
 *
 * @throws InvalidOption when it is no function
 */
export function ownStringify(
  own: StringifyJson | null | undefined,
  base: StringifyJson | undefined,
): StringifyJson | undefined {
  if (own === undefined) return base;
  if (own === null) return undefined;
  return requireFunction(own, "stringifyJson");
}

/**
 * JSON as the caller's function writes it; what it can't say is its own business.
 *
 * @throws HandlerError, InvalidOption naming the function
 */
export function encodeJsonWith(stringify: StringifyJson, value: unknown): string {
  let text: unknown;
  try {
    text = stringify(value);
  } catch (cause) {
    throw new HandlerError("stringifyJson", cause);
  }
  if (typeof text === "string") return text;
  throw new InvalidOption(`stringifyJson: expected text; got ${typeof text}`);
}

/**
 * Compact JSON.
 *
 * @throws InvalidOption naming the path of what JSON can't say: NaN, Infinity, a BigInt, a function, a circle
 */
export function encodeJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    const found = findUnsayable(value, "json", new Set());
    throw new InvalidOption(found ?? `json: ${messageOf(cause)}`);
  }
  if (text === undefined) throw new InvalidOption(`json: ${typeof value} can't be said in JSON`);
  // NaN and Infinity become `null` without a word: look for them, but only where there is a null.
  if (text.includes("null")) {
    const found = findUnsayable(value, "json", new Set());
    if (found !== undefined) throw new InvalidOption(found);
  }
  return text;
}

function findUnsayable(value: unknown, path: string, above: Set<object>): string | undefined {
  if (typeof value === "number" && !Number.isFinite(value)) return `${path}: ${value} can't be said in JSON`;
  if (typeof value === "bigint")
    return `${path}: the BigInt ${value} can't be said in JSON; give a number or a string`;
  if (typeof value !== "object" || value === null || "toJSON" in value) return undefined;
  if (above.has(value)) return `${path}: refers back to an object that holds it`;
  above.add(value);
  for (const [key, item] of Object.entries(value)) {
    const found = findUnsayable(item, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, above);
    if (found !== undefined) return found;
  }
  above.delete(value);
  return undefined;
}
