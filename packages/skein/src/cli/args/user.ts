import { UsageError } from "../exit-code.ts";

/** A user's name and password. */
export type User = readonly [name: string, password: string];

/** `name:password`, as curl takes it; the message never repeats it. */
export function parseUser(text: string): User {
  const colon = text.indexOf(":");
  if (colon >= 0) return [text.slice(0, colon), text.slice(colon + 1)];
  throw new UsageError("-u, --user: expected name:password; there is no colon in what was given");
}
