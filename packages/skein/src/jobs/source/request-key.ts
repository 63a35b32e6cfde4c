import type { JobRequest } from "./source.ts";

/**
 * What a journal remembers of a request, to know it again: 53 bits of a hash over method, URL, headers and body as
 * the line gives them. It tells an edited list from the one that was begun; it need not resist an attacker, and it is
 * a tenth of the price of SHA-256 on every line. Two lines with the same request differ by their line.
 */
export function requestKey(request: JobRequest): number {
  const { method, url, headers, body } = request;
  if (method === undefined && headers === undefined && body === undefined) return textKey(url);
  return textKey(JSON.stringify([url, method ?? null, headers ?? null, body ?? null]));
}

/** cyrb53: two 32-bit multiplicative hashes over the UTF-16 units, mixed into 53 bits. */
export function textKey(text: string): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}
