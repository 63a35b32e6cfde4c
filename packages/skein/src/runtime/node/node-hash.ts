import type { Hash, HashAlgorithm } from "../../core/ports.ts";

const NAMES: Readonly<Record<HashAlgorithm, string>> = {
  md5: "md5",
  "sha-256": "sha256",
  "sha-512-256": "sha512-256",
};

/** Hashes with node:crypto, which is loaded when this is first used. */
export const nodeHash: Hash = async (algorithm, bytes) => {
  const { createHash } = await import("node:crypto");
  return createHash(NAMES[algorithm]).update(bytes).digest("hex");
};
