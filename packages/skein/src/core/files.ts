/** The files of the machine, for bodies that go out from a path and come in to one. */
export interface Files {
  /**
   * Length in bytes of a regular file; looked up at once, since a request is built at once.
   *
   * @throws FileError when it can't be read, or is no file
   */
  sizeOf(path: string): number;
  /** Its bytes, 64 KiB at a time. */
  read(path: string): AsyncIterable<Uint8Array>;
  /** Opens the temporary file of a download to `path`. */
  openDownload(path: string, options: DownloadFileOptions): Promise<DownloadFile>;
}

export interface DownloadFileOptions {
  /** Go on with what an earlier download to the same path has left, and leave what can be gone on with. */
  readonly resume: boolean;
}

/** Where the bytes at the beginning of a file came from: only more of the same may follow them. */
export interface DownloadNote {
  readonly url: string;
  /** A strong entity tag (RFC 9110 §8.8.3). */
  readonly etag: string;
  /** Bytes of the whole, where they are known. */
  readonly total: number | undefined;
}

/**
 * A file beside the one that is wanted, which takes its name only when it is whole: who reads the wanted file never
 * sees half of it.
 */
export interface DownloadFile {
  /** Bytes that it holds. */
  readonly length: number;
  /** What its bytes are; undefined when they can't be gone on with. */
  readonly note: DownloadNote | undefined;
  /** Empties it; `note` tells of the bytes that will follow. */
  restart(note: DownloadNote | undefined): Promise<void>;
  append(bytes: Uint8Array): Promise<void>;
  /** SHA-256 of what it holds, in hexadecimal digits. */
  sha256(): string;
  /** Makes it durable, and gives it its name. */
  commit(): Promise<void>;
  /** Ends without it: deletes it, or leaves it to be gone on with where it may be. */
  abandon(): Promise<void>;
  /** Deletes it, whatever it holds. */
  discard(): Promise<void>;
}
