// node mirrors.ts SHA256 FILE URL...: writes what the first of several mirrors has to the file.

import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { Client, gather } from "../../packages/skein/src/entry/node.ts";

export interface Mirrored {
  /** Who was first. */
  readonly url: string;
  readonly bytes: Uint8Array;
}

/**
 * Asks all mirrors for a file, takes the first that is whole and the right one, and ends the others.
 *
 * @throws GroupError when none has it; its `errors` are in the order of the mirrors
 */
export function fetchFromMirrors(
  client: Client,
  mirrors: readonly string[],
  sha256: string,
): Promise<Mirrored> {
  return gather.any(
    mirrors.map(url => async (signal: AbortSignal) => {
      const bytes = await client.get(url, { signal }).bytes();
      const found = createHash("sha256").update(bytes).digest("hex");
      // A mirror that is quick and has an old or damaged file shall not win.
      if (found !== sha256) throw new Error(`${url}: its SHA-256 is ${found}, not ${sha256}`);
      return { url, bytes };
    }),
  );
}

if (import.meta.main) {
  const [sha256 = "", file = "", ...mirrors] = process.argv.slice(2);
  await using client = new Client({ timeout: "2m", raiseForStatus: true });
  const { url, bytes } = await fetchFromMirrors(client, mirrors, sha256);
  await writeFile(file, bytes);
  console.log(`${bytes.length} bytes from ${url}`);
}
