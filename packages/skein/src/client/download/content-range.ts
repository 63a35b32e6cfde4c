/** The part of a representation that a 206 holds (RFC 9110 §14.4). */
export interface ContentRange {
  readonly first: number;
  readonly last: number;
  /** Bytes of the whole; undefined where the server does not know. */
  readonly total: number | undefined;
}

/** Undefined when the field is missing, makes no sense, or contradicts itself. */
export function parseContentRange(field: string | null): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(field?.trim() ?? "");
  if (match === null) return undefined;
  const [first, last] = [Number(match[1]), Number(match[2])];
  const total = match[3] === "*" ? undefined : Number(match[3]);
  if (first > last || (total !== undefined && last >= total)) return undefined;
  return { first, last, total };
}

/** The length of the whole that a 416 tells: `bytes * /1234`. */
export function parseUnsatisfied(field: string | null): number | undefined {
  const match = /^bytes \*\/(\d{1,15})$/i.exec(field?.trim() ?? "");
  return match === null ? undefined : Number(match[1]);
}

/** A strong entity tag (RFC 9110 §8.8.3): only equal bytes have the same one. Undefined for a weak one, or none. */
export function strongEtag(field: string | null): string | undefined {
  return field !== null && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(field) ? field : undefined;
}
