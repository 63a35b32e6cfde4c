import { hasControlCharacters } from "./control-characters.ts";
import { InvalidOption } from "./errors.ts";

const utf8 = new TextEncoder();

/** The value of an Authorization field: user name and password in UTF-8 (RFC 7617). */
export function basicCredentials(username: string, password: string): string {
  const bytes = utf8.encode(`${username}:${password}`);
  return `Basic ${btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""))}`;
}

/**
 * Checks a name and a password that a caller gave, for a scheme that joins them by a colon.
 *
 * @throws InvalidOption when one is no string; when the name holds a colon or either a control character: the server
 * would read another name (RFC 7617 §2)
 */
export function checkCredentials(username: unknown, password: unknown, where: string): void {
  if (typeof username !== "string" || typeof password !== "string")
    throw new InvalidOption(`${where}: expected a user name and a password, both strings`);
  if (username.includes(":"))
    throw new InvalidOption(`${where}: a user name can't hold a colon, which ends it`);
  if (hasControlCharacters(username + password))
    throw new InvalidOption(`${where}: user name and password can't hold control characters`);
}
