import { ChecksumError, InvalidOption, isSkeinError } from "../../core/errors.ts";
import type { DownloadFile } from "../../core/files.ts";
import { Headers } from "../../core/headers.ts";
import type { ProgressListener } from "../../core/progress.ts";
import type { Response } from "../../core/response.ts";
import { ProgressMeter } from "../../policy/progress-meter.ts";
import type { BodilessOptions } from "../build-request.ts";
import { Call } from "../call.ts";
import type { ClientAccess } from "../client-access.ts";
import { PROGRESS_NAMES } from "../progress-options.ts";
import { FileReceiver } from "./file-receiver.ts";

type PlainOptions = Omit<
  BodilessOptions,
  "fallback" | "raiseForStatus" | "onUploadProgress" | "onDownloadProgress"
>;

export interface DownloadOptions extends PlainOptions {
  /**
   * Go on with what an earlier download to the same path has left (`<path>.part` and a note beside it), and leave what can
   * be gone on with when this one fails. Default: false. Within one call, a body that is cut is gone on with either way.
   */
  resume?: boolean;
  /** Told of the bytes of the file, at most 20 times a second and once at the end. */
  onProgress?: ProgressListener;
  /** What the file's SHA-256 must be, in hexadecimal digits. */
  sha256?: string;
}

/** What was downloaded. */
export interface Downloaded {
  readonly path: string;
  readonly bytes: number;
  /** In lower-case hexadecimal digits. */
  readonly sha256: string;
  /** Whether a part of it came from an earlier attempt, or from an earlier download. */
  readonly resumed: boolean;
}

/** Where a download comes from, and where it goes to. */
export interface DownloadTarget {
  readonly url: string | URL;
  readonly path: string;
}

/** What a download decides by itself. */
const OWN_NAMES = ["content", "json", "form", "multipart", "fallback", "raiseForStatus", ...PROGRESS_NAMES];

export async function download(
  client: ClientAccess,
  { url, path }: DownloadTarget,
  options: DownloadOptions,
): Promise<Downloaded> {
  const { resume = false, onProgress, sha256, ...rest } = options;
  const { settings } = client;
  const { clock } = client.ports;
  const { files } = settings;
  const refused = OWN_NAMES.find(name => name in rest);
  if (refused !== undefined) throw new InvalidOption(`${refused}: a download has no such option`);
  if (files === undefined) throw new InvalidOption("download: there are no files here to write to");
  if (typeof path !== "string" || path === "")
    throw new InvalidOption("download: expected the path of a file");
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256))
    throw new InvalidOption("sha256: expected 64 hexadecimal digits");
  const given = Headers.from(rest.headers);
  for (const name of ["range", "if-range"])
    if (given.has(name)) throw new InvalidOption(`headers: "${name}" is the download's own to set`);
  const meter = onProgress && new ProgressMeter(onProgress, clock, { name: "onProgress" });
  const file = await files.openDownload(path, { resume });
  try {
    const receiver = new FileReceiver(file, { meter, isPlain: !given.has("accept-encoding") });
    const call = new Call("GET", { url, options: rest });
    const response = await client.run(call, { ...settings.streaming, raiseForStatus: false, receiver });
    await refuseOthers(response, receiver);
    if (meter !== undefined) {
      meter.total = file.length;
      await meter.end();
    }
    const facts = { path, bytes: file.length, sha256: file.sha256(), resumed: receiver.resumed };
    if (sha256 !== undefined && facts.sha256 !== sha256.toLowerCase())
      throw new ChecksumError(
        `${response.request}: the SHA-256 of what was downloaded is ${facts.sha256}, not ${sha256}`,
      );
    await file.commit();
    return facts;
  } catch (error) {
    await giveUp(file, error);
    throw error;
  }
}

/** What is no 200 is an error; its text is read for the message. */
async function refuseOthers(response: Response, receiver: FileReceiver): Promise<void> {
  if (receiver.isWhole) return;
  if (!response.hasContent) {
    try {
      response.setContent(await response.body.collect(64 * 1024));
    } catch (cause) {
      // The status is the error; a body that is too long or cut only leaves out what it says.
      if (!isSkeinError(cause)) throw cause;
    }
  }
  throw response.toStatusError();
}

/** Bytes that are wrong are deleted; others are left to be gone on with, where that is wanted. */
async function giveUp(file: DownloadFile, error: unknown): Promise<void> {
  if (error instanceof ChecksumError) await file.discard();
  else await file.abandon();
}
