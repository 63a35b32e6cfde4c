import { expected } from "../exit-code.ts";

/** A request method. Every registered one is in upper case, so `-X post` means POST. */
export function parseMethod(flag: string, text: string): string {
  if (/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text)) return text.toUpperCase();
  throw expected(flag, "a method such as GET, POST or PROPFIND", text);
}
