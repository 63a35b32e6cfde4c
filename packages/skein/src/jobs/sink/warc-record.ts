import { hash, randomUUID } from "node:crypto";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** A record of a WARC file (ISO 28500:2017, version 1.1). */
export interface WarcRecord {
  readonly type: "warcinfo" | "request" | "response" | "metadata";
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly date: number;
  readonly contentType: string;
  readonly targetUri?: string;
  /** Further fields. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
  readonly block: Uint8Array;
}

/** A name for a record (§5.2). */
export function warcId(): string {
  return `<urn:uuid:${randomUUID()}>`;
}

export function warcBytes({
  type,
  id,
  date,
  contentType,
  targetUri,
  fields = [],
  block,
}: WarcRecord): Buffer {
  const lines = [
    "WARC/1.1",
    `WARC-Type: ${type}`,
    `WARC-Record-ID: ${id}`,
    `WARC-Date: ${new Date(date).toISOString()}`,
    ...(targetUri === undefined ? [] : [`WARC-Target-URI: ${targetUri}`]),
    ...fields.map(([name, value]) => `${name}: ${value}`),
    `WARC-Block-Digest: ${warcDigest(block)}`,
    `Content-Type: ${contentType}`,
    `Content-Length: ${block.length}`,
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), block, Buffer.from("\r\n\r\n")]);
}

/** As the field's other programs write it: SHA-1 in base32. */
export function warcDigest(bytes: Uint8Array): string {
  const digest = hash("sha1", bytes, "buffer");
  let text = "";
  for (let at = 0; at < digest.length; at += 5) {
    const bits = digest.readUIntBE(at, 5);
    for (let place = 7; place >= 0; place--) text += BASE32[Math.floor(bits / 32 ** place) % 32];
  }
  return `sha1:${text}`;
}
