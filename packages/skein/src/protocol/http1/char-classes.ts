// Tables over the 256 byte values: one look-up is the cheapest check that a byte can have. The loops over them stand here
// too: V8 takes a table for a constant only in the module that makes it, which halves the time that a byte costs.

/** RFC 9110 §5.6.2, tchar besides letters and digits. */
const TOKEN_PUNCTUATION = "!#$%&'*+-.^_`|~";

function table(holds: (byte: number, character: string) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => Number(holds(byte, String.fromCharCode(byte))));
}

/** Names of fields and methods: RFC 9110 §5.6.2, `token`. */
export const TOKEN: Uint8Array = table(
  (_, character) => /[0-9A-Za-z]/.test(character) || TOKEN_PUNCTUATION.includes(character),
);

/** Field values and reason phrases: HTAB, SP, VCHAR and obs-text (RFC 9110 §5.5, RFC 9112 §4). */
export const TEXT: Uint8Array = table(byte => byte === 0x09 || (byte >= 0x20 && byte !== 0x7f));

/** What a request target may hold: neither a space, nor a control, nor anything beyond ASCII. */
export const TARGET: Uint8Array = table(byte => byte > 0x20 && byte < 0x7f);

/** The position of the first byte from `start` that can't be part of a token; `end` if there is none. */
export function skipToken(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && TOKEN[bytes[at]!] === 1) at += 1;
  return at;
}

/** The position of the first byte from `start` that can't be part of a value; `end` if there is none. */
export function skipText(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && TEXT[bytes[at]!] === 1) at += 1;
  return at;
}

/** The position of the first character that the table does not hold, or -1. */
export function findOutside(text: string, allowed: Uint8Array): number {
  // Beyond the table's end is undefined: no character above 0xFF is ever taken for its low byte.
  for (let i = 0; i < text.length; i++) if (allowed[text.charCodeAt(i)] !== 1) return i;
  return -1;
}

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const ZERO = 0x30;

const NAMES: Readonly<Record<number, string>> = {
  0: "a NUL",
  9: "a tab",
  10: "a line feed",
  13: "a carriage return",
  32: "a space",
  127: "a DEL",
};

/** A byte or character as a message names it: `a line feed`, `":"`, `0x80`. */
export function nameCharacter(code: number): string {
  if (code > 0x20 && code < 0x7f) return `"${String.fromCharCode(code)}"`;
  if (code > 0xff) return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  return NAMES[code] ?? `0x${code.toString(16).padStart(2, "0")}`;
}
