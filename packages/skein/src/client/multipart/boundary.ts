/** RFC 2046 §5.1.1: what a boundary may be made of here; those that would need quotes are left out. */
const BOUNDARY = /^[A-Za-z0-9'+_.-]{1,70}$/;

/** A boundary that nobody can guess: so nobody can put it into a part. */
export function randomBoundary(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `skein-${Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("")}`;
}

export function isBoundary(text: string): boolean {
  return BOUNDARY.test(text);
}

/** Whether `bytes` holds `boundary`: each byte is looked at once, and once more behind each of its first character. */
export function occursIn(bytes: Uint8Array, boundary: string): boolean {
  const first = boundary.charCodeAt(0);
  const last = bytes.length - boundary.length;
  for (let at = bytes.indexOf(first); at >= 0 && at <= last; at = bytes.indexOf(first, at + 1)) {
    let matched = 1;
    while (matched < boundary.length && bytes[at + matched] === boundary.charCodeAt(matched)) matched += 1;
    if (matched === boundary.length) return true;
  }
  return false;
}
