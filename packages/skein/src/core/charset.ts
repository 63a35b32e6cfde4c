import type { Headers } from "./headers.ts";

/** The charset of text that names none: a name (`"shift_jis"`), or a function of the body's bytes that returns one. */
export type DefaultEncoding = string | ((bytes: Uint8Array) => string);

const utf8 = new TextDecoder("utf-8");
const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)/i;

/** The charset that content-type names, as it stands there; undefined when it names none. */
export function charsetOf(headers: Headers): string | undefined {
  const type = headers.get("content-type");
  return type === null || !type.includes(";") ? undefined : CHARSET.exec(type)?.[1];
}

export function isKnownCharset(name: string): boolean {
  try {
    return new TextDecoder(name) !== undefined;
  } catch {
    return false;
  }
}

/** A decoder of the charset; of UTF-8 where there is none, or one that nobody knows. It drops a byte order mark. */
export function decoderOf(charset: string | undefined): TextDecoder {
  if (charset === undefined || /^utf-?8$/i.test(charset)) return utf8;
  try {
    return new TextDecoder(charset);
  } catch {
    return utf8;
  }
}

/**
 * The text of JSON, which comes in UTF-8, -16 or -32 (RFC 4627 §3): two ASCII characters stand at its beginning, so the
 * zeros among the first four bytes tell which. A byte order mark tells it too.
 */
export function decodeJsonText(bytes: Uint8Array): string {
  const [a, b, c, d] = bytes;
  if (bytes.length >= 4) {
    if (a === 0xff && b === 0xfe && c === 0 && d === 0) return decodeUtf32(bytes.subarray(4), true);
    if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return decodeUtf32(bytes.subarray(4), false);
    if (a === 0 && b === 0 && c === 0) return decodeUtf32(bytes, false);
    if (b === 0 && c === 0 && d === 0) return decodeUtf32(bytes, true);
  }
  if ((a === 0xff && b === 0xfe) || (a !== 0 && b === 0)) return decoderOf("utf-16le").decode(bytes);
  if ((a === 0xfe && b === 0xff) || (a === 0 && b !== 0)) return decoderOf("utf-16be").decode(bytes);
  return utf8.decode(bytes);
}

/** No TextDecoder knows UTF-32. */
function decodeUtf32(bytes: Uint8Array, littleEndian: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = "";
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const code = view.getUint32(at, littleEndian);
    text += code <= 0x10ffff ? String.fromCodePoint(code) : "�";
  }
  return text;
}
