import { InvalidOption } from "../core/errors.ts";
import { requireFunction } from "../core/option-names.ts";
import type { ProgressListener } from "../core/progress.ts";
import type { CallSettings } from "../core/request-context.ts";

/** Who is told of the bytes of a call. */
export interface ProgressOptions {
  /**
   * Told of the bytes of the request's body as the network takes them, at most 20 times a second, and at the end. One that
   * throws fails the call.
   *
   * @example
   * await client.put(url, { content: { path }, onUploadProgress: ({ bytes, total }) => bar.show(bytes / total!) });
   */
  onUploadProgress?: ProgressListener;
  /** Told of the bytes of the response's body as they come over the network, before content codings are taken off. */
  onDownloadProgress?: ProgressListener;
}

export const PROGRESS_NAMES = ["onUploadProgress", "onDownloadProgress"] as const;

/** The settings of one call: `base`, and who is told of its progress. The same object when nobody is. */
export function withProgress(base: CallSettings, options: ProgressOptions): CallSettings {
  const { onUploadProgress: upload, onDownloadProgress: download } = options;
  if (upload === undefined && download === undefined) return base;
  for (const name of PROGRESS_NAMES) {
    if (options[name] !== undefined) requireFunction(options[name], name);
  }
  return { ...base, progress: { upload, download } };
}

/** @throws InvalidOption when a call that is made later, or by others, is given them: nobody would tell */
export function refuseProgress(options: object, instead: string): void {
  const given = PROGRESS_NAMES.find(name => (options as ProgressOptions)[name] !== undefined);
  if (given !== undefined) throw new InvalidOption(`${given}: not known of a request by itself; ${instead}`);
}
