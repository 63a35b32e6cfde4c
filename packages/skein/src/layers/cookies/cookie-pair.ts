import { hasControlCharacters } from "../../core/control-characters.ts";
import { InvalidOption } from "../../core/errors.ts";

/** Wider than the tokens of RFC 6265 §4.1.1: `user[name]` is met in practice, and harms nobody. */
const NAME = /^[!#-+\--:<>-~]+$/;
const NOT_IN_VALUE = /[;\u0100-\uffff]/;

/** Whether the text can stand in a Cookie field: nothing in it ends the pair, or the field. */
export function isWireSafe(text: string): boolean {
  return !NOT_IN_VALUE.test(text) && !hasControlCharacters(text);
}

/**
 * Checks a cookie that a caller gave.
 *
 * @throws InvalidOption naming the cookie, never its value
 */
export function checkCookie(name: string, value: unknown): asserts value is string {
  if (!NAME.test(name))
    throw new InvalidOption(`cookies: ${JSON.stringify(name)} is not the name of a cookie`);
  if (typeof value !== "string")
    throw new InvalidOption(`cookies.${name}: expected a string; got ${typeof value}`);
  if (!isWireSafe(value) || value !== value.trim())
    throw new InvalidOption(
      `cookies.${name}: a value can't hold ";", control characters, characters beyond latin1 or spaces around it; encode it first (encodeURIComponent)`,
    );
}
