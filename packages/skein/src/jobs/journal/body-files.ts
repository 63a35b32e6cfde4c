import { dirname } from "node:path";
import { fileError } from "./file-errors.ts";
import type { Files } from "./files.ts";
import type { BodyFile } from "./journal-protocol.ts";

/**
 * Writes bodies into files of their own. A file is named after its content: a name that exists holds the right bytes
 * already, and a crash leaves at worst a file that no row names.
 */
export class BodyFiles {
  readonly #files: Files;
  readonly #made = new Set<string>();

  constructor(files: Files) {
    this.#files = files;
  }

  /** Returns when the files, and their names, are on the disk. */
  write(bodies: readonly BodyFile[]): void {
    const touched = new Set<string>();
    for (const body of bodies) {
      if (this.#files.size(body.path) === body.bytes.length) continue;
      this.#attempt(body.path, () => this.#writeFile(body));
      touched.add(dirname(body.path));
    }
    for (const directory of touched) this.#attempt(directory, () => this.#files.syncDirectory(directory));
  }

  #writeFile({ path, bytes }: BodyFile): void {
    this.#makeDirectory(dirname(path));
    const temporary = `${path}.${process.pid}.part`;
    const file = this.#files.open(temporary);
    try {
      this.#files.truncate(file, 0);
      this.#files.write(file, bytes, 0);
      this.#files.sync(file);
    } finally {
      this.#files.close(file);
    }
    this.#files.rename(temporary, path);
  }

  #makeDirectory(directory: string): void {
    if (this.#made.has(directory)) return;
    this.#files.makeDirectory(directory);
    // The directory's name stands in its parent, and the parent's, which may be new as well, in the next.
    this.#files.syncDirectory(dirname(directory));
    this.#files.syncDirectory(dirname(dirname(directory)));
    this.#made.add(directory);
  }

  #attempt(path: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      throw fileError(error, `writing ${path}`, path);
    }
  }
}
