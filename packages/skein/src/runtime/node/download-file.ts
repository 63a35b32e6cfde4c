import type { Hash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, open, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { DownloadFile, DownloadFileOptions, DownloadNote } from "../../core/files.ts";
import { fileError } from "./file-error.ts";

/**
 * The temporary file of a download.
 *
 *   x.bin.4f0c….part    made new (O_EXCL), deleted when the download fails
 *   x.bin.part          with `resume`: left when it fails, beside …
 *   x.bin.part.json     … a note of what its bytes are. Written before the first of them
 *
 * The partial file has the rights that the file has already which it will replace, or those of any new file; the note, which
 * holds a URL with its query, is for its owner alone.
 *
 * A file x.bin.part without such a note is not ours, and left alone. Links are never followed.
 */
export async function openDownloadFile(path: string, { resume }: DownloadFileOptions): Promise<DownloadFile> {
  const { createHash, randomBytes } = process.getBuiltinModule("node:crypto");
  const mode = await modeFor(path);
  const newHash = () => createHash("sha256");
  if (!resume) {
    const names = { path, part: `${path}.${randomBytes(8).toString("hex")}.part`, note: undefined, mode };
    return new PartFile(names, { handle: await create(names), newHash });
  }
  const names = { path, part: `${path}.part`, note: `${path}.part.json`, mode };
  const left = await openLeft(names.part, names.note);
  if (left === undefined) return new PartFile(names, { handle: await create(names), newHash });
  const file = new PartFile(names, { handle: left.handle, newHash });
  if (left.note !== undefined) await file.goOn(left.note);
  return file;
}

interface Names {
  readonly path: string;
  readonly part: string;
  /** Where the note is kept, if it may be gone on with. */
  readonly note: string | undefined;
  /** The rights of the partial file. */
  readonly mode: number;
}

interface Parts {
  readonly handle: FileHandle;
  readonly newHash: () => Hash;
}

class PartFile implements DownloadFile {
  length = 0;
  note: DownloadNote | undefined;
  readonly #names: Names;
  readonly #newHash: () => Hash;
  #handle: FileHandle;
  #hash: Hash;

  constructor(names: Names, parts: Parts) {
    this.#names = names;
    this.#newHash = parts.newHash;
    this.#handle = parts.handle;
    this.#hash = parts.newHash();
  }

  /** Takes what the file holds as its beginning. */
  async goOn(note: DownloadNote): Promise<void> {
    const block = new Uint8Array(256 * 1024);
    for (;;) {
      const { bytesRead } = await this.#handle.read(block, 0, block.length, this.length);
      if (bytesRead === 0) break;
      this.#hash.update(block.subarray(0, bytesRead));
      this.length += bytesRead;
    }
    this.note = note;
  }

  /** A new file: another process that still writes into the old one can't spoil this. */
  restart(note: DownloadNote | undefined): Promise<void> {
    return this.#try("can't be written", async () => {
      const { part, note: noteFile } = this.#names;
      const { size } = await this.#handle.stat();
      if (size > 0) {
        await this.#handle.close();
        await unlink(part);
        this.#handle = await create(this.#names);
      }
      this.length = 0;
      this.#hash = this.#newHash();
      this.note = note;
      if (noteFile !== undefined) await writeNote(noteFile, note);
    });
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#try("can't be written", async () => {
      for (let offset = 0; offset < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(
          bytes,
          offset,
          bytes.length - offset,
          this.length + offset,
        );
        offset += bytesWritten;
      }
      this.#hash.update(bytes);
      this.length += bytes.length;
    });
  }

  sha256(): string {
    return this.#hash.copy().digest("hex");
  }

  commit(): Promise<void> {
    const { path, part, note } = this.#names;
    return this.#try("can't be put in its place", async () => {
      await this.#handle.sync();
      await this.#refuseStranger();
      await this.#handle.close();
      await rename(part, path);
      if (note !== undefined) await unlink(note);
      await syncDirectory(dirname(path));
    });
  }

  async abandon(): Promise<void> {
    if (this.#names.note === undefined || this.note === undefined) return this.discard();
    await this.#handle.close();
  }

  async discard(): Promise<void> {
    const { part, note } = this.#names;
    await this.#handle.close();
    await unlinkIfThere(part);
    if (note !== undefined) await unlinkIfThere(note);
  }

  /** Another download to the same path may have put its own file there, or written into this one. */
  async #refuseStranger(): Promise<void> {
    const [own, there] = await Promise.all([
      this.#handle.stat({ bigint: true }),
      lstat(this.#names.part, { bigint: true }),
    ]);
    if (own.ino !== there.ino || own.dev !== there.dev || Number(own.size) !== this.length)
      throw fileError("was changed by someone else while it was downloaded", this.#names.part);
  }

  async #try(what: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (cause) {
      throw fileError(what, this.#names.part, cause);
    }
  }
}

/** Made new, for us alone. */
async function create({ part, mode }: Names): Promise<FileHandle> {
  try {
    return await open(part, "wx+", mode);
  } catch (cause) {
    throw fileError("can't be made", part, cause);
  }
}

/** What an earlier download has left; undefined when there is nothing. */
async function openLeft(
  part: string,
  noteFile: string,
): Promise<{ handle: FileHandle; note: DownloadNote | undefined } | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(part, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0));
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw fileError("can't be gone on with", part, cause);
  }
  const facts = await handle.stat();
  const note = await readNote(noteFile);
  if (facts.isFile() && (note !== undefined || facts.size === 0))
    return { handle, note: note === "no-validator" ? undefined : note };
  await handle.close();
  throw fileError("is there already, and no download has left it; move it away", part);
}

/** The note says what the bytes are, `no-validator` where they can't be gone on with; undefined: there is no note. */
async function readNote(noteFile: string): Promise<DownloadNote | "no-validator" | undefined> {
  let found: unknown;
  try {
    found = JSON.parse(await readFile(noteFile, "utf8"));
  } catch {
    // Missing, or cut by a crash: either way it vouches for nothing.
    return undefined;
  }
  if (typeof found !== "object" || found === null) return undefined;
  const { url, etag, total } = found as Record<string, unknown>;
  if (etag === null) return "no-validator";
  if (typeof url !== "string" || typeof etag !== "string") return undefined;
  return { url, etag, total: typeof total === "number" ? total : undefined };
}

async function writeNote(noteFile: string, note: DownloadNote | undefined): Promise<void> {
  await unlinkIfThere(noteFile);
  await writeFile(noteFile, `${JSON.stringify(note ?? { etag: null })}\n`, { flag: "wx", mode: 0o600 });
}

/** The rights of what will be replaced: others must not read the new file where they could not read the old one. */
async function modeFor(path: string): Promise<number> {
  const facts = await stat(path).catch(() => undefined);
  if (facts?.isDirectory()) throw fileError("is a directory; name the file itself", path);
  return facts === undefined ? 0o666 : facts.mode & 0o777;
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (cause) {
    if (!isMissing(cause)) throw fileError("can't be deleted", path, cause);
  }
}

/** So that the new name survives a power cut too. */
async function syncDirectory(path: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch {
    // Windows opens no directories, and needs no such call.
    return;
  }
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException).code === "ENOENT";
}
