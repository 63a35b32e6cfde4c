import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Downloaded, isAborted, type Progress } from "../../entry/node.ts";
import { headersOf } from "../args/connection.ts";
import { parseUrlArgument } from "../args/url.ts";
import { EXIT, type ExitCode, UsageError } from "../exit-code.ts";
import { renderDownload } from "../render/download-progress.ts";
import { formatBytes } from "../render/format-bytes.ts";
import { LiveRegion } from "../render/live-region.ts";
import { resumeText } from "../resume-command.ts";
import { shownPath } from "../shown-path.ts";
import { type SingleFlags, withClient } from "./single-client.ts";

/** The flags of `skein download`, as they were parsed. */
export interface DownloadFlags extends SingleFlags {
  readonly output?: string;
  readonly sha256?: string;
  readonly force?: boolean;
  readonly quiet?: boolean;
}

const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** `skein download URL`: into a file, which is there when it is whole; the same command goes on where it was stopped. */
export async function downloadCommand(url: string, flags: DownloadFlags): Promise<ExitCode> {
  const href = parseUrlArgument(url);
  const path = pathFor(href, flags.output);
  if (existsSync(path) && !flags.force)
    throw new UsageError(`-o: ${path} exists; give another file, or overwrite it with --force`);
  return withClient(flags, async client => {
    const show = flags.quiet ? undefined : progressLine();
    const { signal, stopped } = stopSignal();
    try {
      const file = await client.download(href, path, {
        resume: true,
        headers: headersOf(flags, undefined),
        signal,
        ...(flags.sha256 === undefined ? {} : { sha256: flags.sha256 }),
        ...(show === undefined ? {} : { onProgress: show.draw }),
      });
      show?.clear();
      if (!flags.quiet) process.stderr.write(`${doneText(file)}\n`);
      return EXIT.ok;
    } catch (error) {
      show?.clear();
      if (!stopped() || !isAborted(error)) throw error;
      process.stderr.write(`${resumeText("To go on")}\n`);
      return EXIT.interrupted;
    }
  });
}

function pathFor(href: string, output: string | undefined): string {
  const name = new URL(href).pathname.split("/").at(-1) ?? "";
  const isDirectory = output !== undefined && statSync(output, { throwIfNoEntry: false })?.isDirectory();
  if (output !== undefined && !isDirectory) return output;
  if (name !== "" && !name.startsWith(".") && /^[\w.,@+~-]+$/.test(name)) return join(output ?? "", name);
  throw new UsageError("-o FILE is needed: the URL ends with no name that a file could have");
}

function doneText({ path, bytes, sha256, resumed }: Downloaded): string {
  return `${shownPath(path)}: ${formatBytes(bytes)}${resumed ? " (gone on with)" : ""}, SHA-256 ${sha256}`;
}

/** On a terminal; elsewhere the end is told, and nothing before. */
function progressLine() {
  const { stderr } = process;
  if (!stderr.isTTY) return undefined;
  const region = new LiveRegion({
    columns: stderr.columns || 80,
    rows: stderr.rows || 24,
    write: text => stderr.write(text),
  });
  return {
    draw: (progress: Progress) => region.draw([renderDownload(progress)]),
    clear: () => region.clear(),
  };
}

/** What Ctrl-C aborts, so that what has come so far is left in order. A second one ends the process as ever. */
function stopSignal(): { signal: AbortSignal; stopped: () => boolean } {
  const controller = new AbortController();
  for (const name of STOP_SIGNALS) process.once(name, () => controller.abort());
  return { signal: controller.signal, stopped: () => controller.signal.aborted };
}
