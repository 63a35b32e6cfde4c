import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";

/** What the journal's thread needs of a file system; tests put one in its place that fails. All of it blocks. */
export interface Files {
  /** Opens for reading and writing, and makes the file where there is none. */
  open(path: string): number;
  /** Size in bytes; undefined when there is no such file, or it is no regular file. */
  size(path: string): number | undefined;
  exists(path: string): boolean;
  read(file: number, into: Uint8Array, position: number): number;
  /** Writes all of it. */
  write(file: number, bytes: Uint8Array, position: number): void;
  /** Returns when what was written is on the disk. */
  sync(file: number): void;
  truncate(file: number, length: number): void;
  close(file: number): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  makeDirectory(path: string): void;
  /** Returns when the names in a directory (made, renamed) are on the disk. */
  syncDirectory(path: string): void;
  /** The names in a directory. */
  list(directory: string): readonly string[];
  /** Where in its file what is written next, at this position, will stand: elsewhere, where a file is one of several (see sharded-files.ts). */
  offsetIn(file: number, position: number): number;
  /** The lengths of the files that make up the first `length` bytes. */
  parts(file: number, length: number): readonly number[];
}

export const nodeFiles: Files = {
  open: path => openSync(path, constants.O_RDWR | constants.O_CREAT, 0o666),
  size: path => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isFile() ? found.size : undefined;
  },
  exists: path => existsSync(path),
  read: (file, into, position) => readSync(file, into, 0, into.length, position),
  write: writeAll,
  sync: file => fdatasyncSync(file),
  truncate: (file, length) => ftruncateSync(file, length),
  close: file => closeSync(file),
  rename: (from, to) => renameSync(from, to),
  remove: path => rmSync(path, { force: true }),
  makeDirectory: path => mkdirSync(path, { recursive: true }),
  syncDirectory: syncDirectory,
  list: directory => readdirSync(directory),
  offsetIn: (_, position) => position,
  parts: (_, length) => (length === 0 ? [] : [length]),
};

/** Windows can't sync a directory; there, the file system's own journal keeps names and contents in order. */
function syncDirectory(path: string): void {
  if (process.platform === "win32") return;
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** One call of the system's may write a part only. */
function writeAll(file: number, bytes: Uint8Array, position: number): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(file, bytes, written, bytes.length - written, position + written);
  }
}
