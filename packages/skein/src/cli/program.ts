import { Argument, Command, CommanderError, Option } from "commander";
import { VERSION } from "../entry/version.ts";
import { DEDUPE_MODES } from "../jobs/source/deduped-source.ts";
import { LIST_FORMATS } from "../jobs/source/list-format.ts";
import { parseColumn } from "./args/column.ts";
import { parseConcurrency } from "./args/concurrency.ts";
import { addCredentialOptions } from "./args/credential-options.ts";
import { parseDuration } from "./args/duration.ts";
import { addEndingOptions } from "./args/ending-options.ts";
import { EXPORT_FORMATS } from "./args/export-format.ts";
import { type HeaderArgument, parseHeader } from "./args/header.ts";
import { parseInteger } from "./args/integer.ts";
import { parseMethod } from "./args/method.ts";
import { parseResolve, type ResolvedHost } from "./args/network.ts";
import { collect, once, parsed } from "./args/option.ts";
import { addOutputOptions } from "./args/output-options.ts";
import { addPaceOptions } from "./args/pace-options.ts";
import { addListPreviewOptions, addPreviewOptions } from "./args/preview-options.ts";
import { parseRateFlag } from "./args/rate.ts";
import { addRetryOptions } from "./args/retry-options.ts";
import { parseSha256 } from "./args/sha256.ts";
import { parseSize } from "./args/size.ts";
import { parseStatusSet } from "./args/status-set.ts";
import { hasScheme } from "./args/url.ts";
import { parseWhere, parseWhereEnded } from "./args/where.ts";
import type { DownloadFlags } from "./commands/download.ts";
import type { ExportFlags } from "./commands/export.ts";
import type { FetchFlags } from "./commands/fetch.ts";
import type { ReportFlags } from "./commands/report.ts";
import type { RequestFlags } from "./commands/request.ts";
import type { RetryFlags } from "./commands/retry.ts";
import type { StatusFlags } from "./commands/status.ts";
import type { UiFlags } from "./commands/ui.ts";
import { SHELLS, type Shell } from "./completion/shells.ts";
import { EXIT, type ExitCode, UsageError } from "./exit-code.ts";
import { withFlagHint } from "./foreign-flags.ts";
import {
  COMPLETION_HELP,
  DOWNLOAD_HELP,
  EXPORT_HELP,
  FETCH_HELP,
  PROGRAM_HELP,
  REPORT_HELP,
  RETRY_HELP,
  requestHelp,
  STATUS_HELP,
  UI_HELP,
  VERIFY_HELP,
} from "./help.ts";
import { PROGRESS_MODES } from "./progress-reporter.ts";

/** The commands that send one request; which have a body is the user's business. */
const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"] as const;

/** More than anyone needs, and less than breaks the machine. */
const MOST = 10_000;

/** Runs the command line and answers with its exit code. Errors but those of the syntax are thrown. */
export async function runProgram(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const finish = (code: ExitCode) => {
    exitCode = code;
  };
  const program = new Command("skein")
    .description("An HTTP client for one request or a million.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(withFlagHint(text.replace(/^error: /, "skein: "))),
    })
    .showHelpAfterError("Try: skein --help")
    .addHelpText("after", PROGRAM_HELP);
  addFetch(program, finish);
  addStatus(program, finish);
  addVerify(program, finish);
  addExport(program, finish);
  addRetry(program, finish);
  addUi(program, finish);
  addReport(program, finish);
  for (const method of METHODS) addRequest(program, method, finish);
  addDownload(program, finish);
  addCompletion(program, finish);
  for (const command of program.commands) addConfigOptions(command);
  program.hook("preAction", async (_program, command) => {
    const { applySettings } = await import("./settings/apply-settings.ts");
    await applySettings(command, program);
  });
  refuseMissingCommand(args[0]);
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

/** `skein https://example.com` is what a user of curl tries first. */
function refuseMissingCommand(first: string | undefined): void {
  if (first === undefined || !hasScheme(first)) return;
  throw new UsageError(
    `which command? To print one answer: skein get URL; to save many: skein fetch URL… -o results.jsonl`,
  );
}

function addFetch(program: Command, finish: (code: ExitCode) => void): void {
  const command = program
    .command("fetch")
    .description("fetch all URLs of a list into a file; the same command goes on where it was stopped")
    .argument("[list|-|URL...]", "a file with one URL a line, - for standard input, or URLs")
    .addOption(
      new Option("--format <name>", "what the list is (default: by its name, else lines)").choices(
        LIST_FORMATS,
      ),
    )
    .addOption(
      new Option("--dedupe <how>", "send the same request once, by its URL or its text").choices(
        DEDUPE_MODES,
      ),
    )
    .addOption(parsed("--url-column <name|n>", "the column of a table with URLs (default: url)", parseColumn))
    .addOption(concurrency("-j, --concurrency <n>", "requests at once, or auto", 50))
    .addOption(concurrency("--per-host <n>", "requests at once to one host, or auto", 8))
    .addOption(parsed("--rate <rate>", "requests a time, such as 100/s or 6000/min", parseRateFlag))
    .addOption(parsed("--rate-host <rate>", "requests a time to one host, such as 5/s", parseRateFlag))
    .addOption(method())
    .addOption(acceptStatus())
    .option("--fresh", "forget earlier results and begin anew")
    .option("--retry-failed", "send what failed once more")
    .option(
      "--refresh",
      "ask again for all that is done, and keep what has not changed (ETag, Last-Modified)",
    )
    .option("--ui", "show and control the job in the browser, at a URL that is printed")
    .option("-q, --quiet", "neither progress nor summary")
    .addOption(
      new Option(
        "--progress <kind>",
        "how progress is shown (default: tty on a terminal, else plain)",
      ).choices(PROGRESS_MODES),
    );
  addOutputOptions(command);
  addPaceOptions(command);
  addRetryOptions(command);
  addEndingOptions(command);
  addBodyOptions(command);
  addListPreviewOptions(command);
  addCommonOptions(command, {
    timeout: "how long an attempt may take, such as 30s (default: 5m)",
    maxBody: "the most bytes of a decoded body (default: 64mib)",
  })
    .showHelpAfterError("Try: skein fetch --help")
    .addHelpText("after", FETCH_HELP)
    .action(async (inputs: string[], flags: FetchFlags) => {
      const { fetchCommand } = await import("./commands/fetch.ts");
      finish(await fetchCommand(inputs, flags));
    });
}

function addStatus(program: Command, finish: (code: ExitCode) => void): void {
  program
    .command("status")
    .description("tell how far a job is, as its journal says; nothing is sent")
    .argument("<output>", "the job's output, or its journal")
    .option("--json", "as one line of JSON")
    .showHelpAfterError("Try: skein status --help")
    .addHelpText("after", STATUS_HELP)
    .action(async (output: string, flags: StatusFlags) => {
      const { statusCommand } = await import("./commands/status.ts");
      finish(await statusCommand(output, flags));
    });
}

function addVerify(program: Command, finish: (code: ExitCode) => void): void {
  program
    .command("verify")
    .description("compare all that a job has written with its journal")
    .argument("<output>", "the job's output, or its journal")
    .showHelpAfterError("Try: skein verify --help")
    .addHelpText("after", VERIFY_HELP)
    .action(async (output: string) => {
      const { verifyCommand } = await import("./commands/verify.ts");
      finish(await verifyCommand(output));
    });
}

function addExport(program: Command, finish: (code: ExitCode) => void): void {
  program
    .command("export")
    .description("write the rows of a job's output as a table, or some of them as they are")
    .argument("<results>", "the job's output")
    .option("-o, --output <file>", "where to (default: standard output)")
    .addOption(
      new Option("--format <name>", "how (default: by the file's name, else csv)").choices(EXPORT_FORMATS),
    )
    .addOption(parsed("--where <conditions>", "only rows that meet all of them", parseWhere))
    .option("--fields <list>", "the columns, separated by commas (default: all but the body)")
    .option("--formulas", "leave cells as they are that a spreadsheet would run")
    .option("--force", "overwrite the file")
    .showHelpAfterError("Try: skein export --help")
    .addHelpText("after", EXPORT_HELP)
    .action(async (source: string, flags: ExportFlags) => {
      const { exportCommand } = await import("./commands/export.ts");
      finish(await exportCommand(source, flags));
    });
}

function addReport(program: Command, finish: (code: ExitCode) => void): void {
  program
    .command("report")
    .description("write what skein ui shows of a job into one file, to be sent on")
    .argument("<output>", "the job's output, or its journal")
    .option("-o, --output <file>", "where to (default: beside the output, with .html)")
    .option("--force", "overwrite the file")
    .showHelpAfterError("Try: skein report --help")
    .addHelpText("after", REPORT_HELP)
    .action(async (output: string, options: ReportFlags) => {
      const { reportCommand } = await import("./commands/report.ts");
      finish(await reportCommand(output, options));
    });
}

function addRetry(program: Command, finish: (code: ExitCode) => void): void {
  program
    .command("retry")
    .description("make items of a job pending again; the command that began it sends them")
    .argument("<output>", "the job's output, or its journal")
    .addOption(parsed("--where <conditions>", "which ones (default: state=failed)", parseWhereEnded))
    .showHelpAfterError("Try: skein retry --help")
    .addHelpText("after", RETRY_HELP)
    .action(async (output: string, flags: RetryFlags) => {
      const { retryCommand } = await import("./commands/retry.ts");
      finish(await retryCommand(output, flags));
    });
}

function addUi(program: Command, finish: (code: ExitCode) => void): void {
  const flags = "--port <n>";
  program
    .command("ui")
    .description("show a job in the browser: how far it is, what failed, each item")
    .argument("<output>", "the job's output, or its journal")
    .addOption(
      parsed(flags, "of the page, on 127.0.0.1 (default: one that is free)", (flag, value) =>
        parseInteger(flag, value, { min: 1, max: 65_535 }),
      ),
    )
    .showHelpAfterError("Try: skein ui --help")
    .addHelpText("after", UI_HELP)
    .action(async (output: string, options: UiFlags) => {
      const { uiCommand } = await import("./commands/ui.ts");
      finish(await uiCommand(output, options));
    });
}

function addRequest(
  program: Command,
  name: (typeof METHODS)[number],
  finish: (code: ExitCode) => void,
): void {
  const method = name.toUpperCase();
  const command = program
    .command(name)
    .description(`send one ${method} request and print the ${name === "head" ? "headers" : "body"}`)
    .argument("<URL>")
    .option("-o, --output <file>", "the body into a file")
    .option("-i, --include", "print status and headers, too")
    .option("-v, --verbose", "print the exchange on standard error, without its secrets")
    .option("-f, --fail", "exit with 1 when the status is 400 or above")
    .addOption(parsed("-X, --method <name>", `another method in the place of ${method}`, parseMethod))
    .option("-F, --form <field>", "a part of a form: name=value or name=@file; may be given again", collect);
  addBodyOptions(command);
  addCredentialOptions(command);
  addPreviewOptions(command);
  addCommonOptions(command, {
    timeout: "how long all may take, retries included (default: 5m)",
    maxBody: "the most bytes of a decoded body (default: 256mib)",
  })
    .showHelpAfterError(`Try: skein ${name} --help`)
    .addHelpText("after", requestHelp(name))
    .action(async (url: string, flags: RequestFlags) => {
      const { requestCommand } = await import("./commands/request.ts");
      finish(await requestCommand(method, url, flags));
    });
}

function addDownload(program: Command, finish: (code: ExitCode) => void): void {
  const command = program
    .command("download")
    .description("fetch one file; the same command goes on where it was stopped")
    .argument("<URL>")
    .option("-o, --output <file>", "where to, or the directory (default: here, by the URL's last part)")
    .addOption(parsed("--sha256 <digits>", "what its SHA-256 must be", parseSha256))
    .option("--force", "overwrite the file")
    .option("-q, --quiet", "neither progress nor what came");
  addCredentialOptions(command);
  addCommonOptions(command, {
    timeout: "how long all may take, retries included (default: none)",
    maxBody: "the most bytes of the file (default: none)",
  })
    .showHelpAfterError("Try: skein download --help")
    .addHelpText("after", DOWNLOAD_HELP)
    .action(async (url: string, flags: DownloadFlags) => {
      const { downloadCommand } = await import("./commands/download.ts");
      finish(await downloadCommand(url, flags));
    });
}

function addCompletion(program: Command, finish: (code: ExitCode) => void): void {
  program
    .command("completion")
    .description("print what makes a shell complete commands and flags")
    .addArgument(new Argument("<shell>", "which").choices(SHELLS))
    .showHelpAfterError("Try: skein completion --help")
    .addHelpText("after", COMPLETION_HELP)
    .action(async (shell: Shell) => {
      const { completionCommand } = await import("./commands/completion.ts");
      finish(completionCommand(shell, program));
    });
}

function addConfigOptions(command: Command): void {
  command
    .option("--config <file>", "take settings from this file (default: skein.config.json or .ts, if any)")
    .option("--no-config", "from no file");
}

function addBodyOptions(command: Command): Command {
  return command
    .addOption(once("-d, --data <text>", "a body, sent as a form; @file reads one"))
    .addOption(once("--json <text>", "a body, sent as JSON; @file reads one"));
}

/** Options that every command has; what some of them mean differs. */
function addCommonOptions(command: Command, texts: { timeout: string; maxBody: string }): Command {
  return command
    .addOption(header())
    .addOption(parsed("--timeout <duration>", texts.timeout, parseDuration))
    .addOption(
      parsed("--connect-timeout <duration>", "how long a connection may take (default: 5s)", parseDuration),
    )
    .addOption(parsed("--max-body <size>", texts.maxBody, parseSize))
    .option("--log <file>", "a line of JSON for each request, without its secrets, at the end of this file")
    .option("--user-agent <text>", "what the server is told we are")
    .option("-k, --insecure", "accept any certificate")
    .option("--cacert <file>", "trust the authorities in this file (PEM)")
    .option("--cert <file>", "show the certificate in this file (PEM) to servers that ask for one")
    .option("--key <file>", "the key of --cert (PEM), where it is in another file")
    .option("-x, --proxy <url>", "through this proxy: http, https, socks5 or socks5h")
    .option("--proxy-file <file>", "through the proxies in this file, one a line, which take turns")
    .option("--noproxy <list>", "hosts to reach without a proxy, as NO_PROXY lists them")
    .addOption(resolve())
    .option("--http1.1", "without HTTP/2, which servers over TLS are asked for otherwise")
    .option("--http2-prior-knowledge", "HTTP/2 alone, also to http: URLs");
}

function concurrency(flags: string, text: string, standard: number): Option {
  const parse = (flag: string, value: string) => parseConcurrency(flag, value, { min: 1, max: MOST });
  return parsed(flags, text, parse).default(standard);
}

function method(): Option {
  return parsed("-X, --method <name>", "the method (default: GET, or POST with a body)", parseMethod);
}

function acceptStatus(): Option {
  const flags = "--accept-status <list>";
  const standard = parseStatusSet(flags, "2xx");
  return parsed(flags, "which statuses succeed, such as 2xx,404", parseStatusSet).default(standard, "2xx");
}

function header(): Option {
  return new Option("-H, --header <name: value>", "a header; may be given again").argParser(
    (text, before: HeaderArgument[] = []) => [...before, parseHeader(text)],
  );
}

function resolve(): Option {
  return new Option(
    "--resolve <host:port:address>",
    "take this address for a host; may be given again",
  ).argParser((text, before: ResolvedHost[] = []) => [...before, parseResolve(text)]);
}
