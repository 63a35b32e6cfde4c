import type { Stats } from "node:fs";
import type { Files } from "../../core/files.ts";
import { fileError } from "./file-error.ts";

const CHUNK_SIZE = 64 * 1024;

export const nodeFiles: Files = {
  sizeOf(path) {
    let facts: Stats;
    try {
      facts = fs().statSync(path);
    } catch (cause) {
      throw fileError("can't be read", path, cause);
    }
    if (facts.isFile()) return facts.size;
    throw fileError(
      `is ${facts.isDirectory() ? "a directory" : "no regular file; give a stream of it"}`,
      path,
    );
  },

  read: path => fs().createReadStream(path, { highWaterMark: CHUNK_SIZE }),

  async openDownload(path, options) {
    const { openDownloadFile } = await import("./download-file.ts");
    return openDownloadFile(path, options);
  },
};

/** Not imported: an import reads all that the module has, also what it loads when asked for: 4 MB, and milliseconds. */
function fs() {
  return process.getBuiltinModule("node:fs");
}
