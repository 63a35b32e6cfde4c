import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";

/** What the compressed paths of the origin hold, once decoded. */
export const ORIGIN_DOCUMENT = JSON.stringify({
  message: "hello",
  numbers: Array.from({ length: 200 }, (_, index) => index * index),
});

interface Payload {
  readonly coding: string;
  readonly body: Uint8Array;
}

const document = Buffer.from(ORIGIN_DOCUMENT);

/** Each with every way in which a coding goes wrong while the HTTP around it is whole. */
const makers: Readonly<Record<string, () => Payload>> = {
  gzip: () => ({ coding: "gzip", body: gzipSync(document) }),
  deflate: () => ({ coding: "deflate", body: deflateSync(document) }),
  "deflate-raw": () => ({ coding: "deflate", body: deflateRawSync(document) }),
  br: () => ({ coding: "br", body: brotliCompressSync(document) }),
  zstd: () => ({ coding: "zstd", body: zstdCompressSync(document) }),
  "gzip-cut": () => ({ coding: "gzip", body: cutInHalf(gzipSync(document)) }),
  "gzip-bad-crc": () => ({ coding: "gzip", body: withWrongChecksum(gzipSync(document)) }),
  "gzip-junk": () => ({ coding: "gzip", body: Buffer.concat([gzipSync(document), Buffer.from("junk")]) }),
  "gzip-two-members": () => ({ coding: "gzip", body: inTwoMembers(document) }),
};

const made = new Map<string, Payload>();

/** The body of one of the origin's compressed paths, and its content-encoding; undefined for other names. */
export function compressedPayload(name: string): Payload | undefined {
  if (!Object.hasOwn(makers, name)) return undefined;
  let payload = made.get(name);
  if (payload === undefined) {
    payload = makers[name]!();
    made.set(name, payload);
  }
  return payload;
}

function cutInHalf(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length >> 1);
}

/** A gzip member ends with its CRC-32 and its length, 4 bytes each. */
function withWrongChecksum(bytes: Buffer): Buffer {
  const wrong = Buffer.from(bytes);
  wrong[bytes.length - 8]! ^= 0xff;
  return wrong;
}

function inTwoMembers(bytes: Buffer): Buffer {
  const middle = bytes.length >> 1;
  return Buffer.concat([gzipSync(bytes.subarray(0, middle)), gzipSync(bytes.subarray(middle))]);
}
