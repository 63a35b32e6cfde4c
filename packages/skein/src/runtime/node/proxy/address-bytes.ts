import { isIP } from "node:net";

/** The 4 or 16 bytes of an address; undefined for a name. A zone, which has a meaning on one machine only, is left out. */
export function addressBytes(host: string): Uint8Array | undefined {
  const family = isIP(host);
  if (family === 0) return undefined;
  if (family === 4) return Uint8Array.from(host.split("."), Number);
  // A URL writes an address in one way: groups of hexadecimal digits, `::` at most once.
  const [address = ""] = host.split("%");
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [left = "", right] = canonical.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [before, behind] = [groups(left), groups(right ?? "")];
  const zeros = Array<string>(8 - before.length - behind.length).fill("0");
  const all = [...before, ...zeros, ...behind].map(group => Number.parseInt(group, 16));
  return Uint8Array.from(all.flatMap(group => [group >> 8, group & 255]));
}
