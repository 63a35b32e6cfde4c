/** How far a body has come. */
export interface Progress {
  /** Bytes so far; from 0 again when the body is sent or received once more. */
  readonly bytes: number;
  /** Bytes in all, where that is known. */
  readonly total: number | undefined;
  /** Bytes a second, of about the last two seconds. */
  readonly rate: number;
}

/** Told at most 20 times a second, and once at the end. One that is async is awaited; one that throws fails the call. */
export type ProgressListener = (progress: Progress) => void | Promise<void>;

/** Who wants to know how far the bodies of a call have come. */
export interface CallProgress {
  readonly upload: ProgressListener | undefined;
  readonly download: ProgressListener | undefined;
}
