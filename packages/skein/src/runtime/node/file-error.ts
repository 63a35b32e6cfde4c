import { FileError } from "../../core/errors.ts";

const REASONS: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  EACCES: "permission denied",
  EDQUOT: "the quota is used up",
  EEXIST: "it is there already",
  EIO: "input/output error",
  EISDIR: "it is a directory",
  ELOOP: "it is a symbolic link",
  EMFILE: "too many open files",
  ENOENT: "there is no such file or directory",
  ENOSPC: "no space left on the device",
  ENOTDIR: "a part of its path is no directory",
  EROFS: "the file system is read-only",
});

/** `what` completes the sentence "<path> …": "can't be read". */
export function fileError(what: string, path: string, cause?: unknown): FileError {
  if (cause instanceof FileError) return cause;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const reason = code === undefined ? "" : `: ${REASONS[code] ?? code}`;
  return new FileError(`the file ${JSON.stringify(path)} ${what}${reason}`, cause);
}
