import { existsSync, statSync, truncateSync } from "node:fs";
import { type Files, nodeFiles } from "../../src/jobs/journal/files.ts";
import { JournalStore } from "../../src/jobs/journal/journal-store.ts";
import type { WriterParts } from "../../src/jobs/journal/journal-writer.ts";

/** Fails at one step: `when` tells whether the step has had its effect by then, or (writing) half of it. */
export interface Fault {
  readonly step: number;
  readonly when: "before" | "half" | "after";
  /** Default: ENOSPC. */
  readonly code?: "ENOSPC" | "EIO";
}

/** Counts the steps that change something, and fails at one of them. */
export class FaultyParts implements WriterParts {
  readonly files: Files;
  readonly #fault: Fault;
  readonly #open = new Map<number, string>();
  /** By path: how long a file is, and how much of it a sync has made sure of. Also of files that are closed. */
  readonly #written = new Map<string, { size: number; synced: number }>();
  #steps = 0;
  hasFailed = false;

  constructor(fault: Fault) {
    this.#fault = fault;
    this.files = this.#wrap();
  }

  openStore(path: string): JournalStore {
    const step = (act: () => void) => this.step(act);
    return new (class extends JournalStore {
      protected override commitTransaction(): void {
        step(() => super.commitTransaction());
      }
    })(path);
  }

  /** What a loss of power leaves: of what was written and not synced, nothing. */
  losePower(): void {
    for (const [path, { size, synced }] of this.#written) {
      if (synced < size && existsSync(path)) truncateSync(path, Math.min(synced, statSync(path).size));
    }
  }

  step<T>(act: () => T, half?: () => void): T {
    this.#steps++;
    if (this.#steps !== this.#fault.step) return act();
    this.hasFailed = true;
    if (this.#fault.when === "after") act();
    if (this.#fault.when === "half") half?.();
    const { code = "ENOSPC" } = this.#fault;
    const message = code === "EIO" ? "EIO: i/o error" : "ENOSPC: no space left on device";
    throw Object.assign(new Error(message), { code });
  }

  #wrap(): Files {
    const open = this.#open;
    const written = this.#written;
    const stateOf = (file: number) => written.get(open.get(file)!)!;
    return {
      ...nodeFiles,
      open: path => {
        const file = this.step(() => nodeFiles.open(path));
        const { size } = statSync(path);
        open.set(file, path);
        if (!written.has(path)) written.set(path, { size, synced: size });
        return file;
      },
      write: (file, bytes, position) => {
        const write = (part: Uint8Array) => {
          nodeFiles.write(file, part, position);
          stateOf(file).size = Math.max(stateOf(file).size, position + part.length);
        };
        this.step(
          () => write(bytes),
          () => write(bytes.subarray(0, bytes.length / 2)),
        );
      },
      sync: file =>
        this.step(() => {
          nodeFiles.sync(file);
          stateOf(file).synced = stateOf(file).size;
        }),
      truncate: (file, length) =>
        this.step(() => {
          nodeFiles.truncate(file, length);
          const synced = Math.min(length, stateOf(file).synced);
          written.set(open.get(file)!, { size: length, synced });
        }),
      rename: (from, to) =>
        this.step(() => {
          nodeFiles.rename(from, to);
          written.set(to, written.get(from)!);
          written.delete(from);
        }),
      remove: path => this.step(() => nodeFiles.remove(path)),
      makeDirectory: path => this.step(() => nodeFiles.makeDirectory(path)),
      syncDirectory: path => this.step(() => nodeFiles.syncDirectory(path)),
    };
  }
}
