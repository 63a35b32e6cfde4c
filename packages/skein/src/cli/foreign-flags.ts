// Flags that people know from curl, wget and HTTPie, where Skein calls them otherwise or needs none.

/** What to write instead, by what was written. */
const INSTEAD: Readonly<Record<string, string>> = {
  "-I": "for the headers alone: skein head URL",
  "-s": "nothing but the answer is printed, so leave it out; skein fetch is quiet with -q",
  "-S": "errors are always told, so leave it out",
  "-A": "--user-agent",
  "-e": '-H "Referer: …"',
  "-b": '--session FILE, or -H "Cookie: …"',
  "-c": "--session FILE",
  "-m": "--timeout, for one answer; --deadline, for a whole list",
  "-G": "skein get, with the query in the URL",
  "-O": "skein download URL",
  "-C": "skein download URL goes on by itself",
  "-T": "skein put URL -d @FILE",
  "-w": "-i or -v, or --log FILE for figures",
  "-K": "--config FILE",
  "-Z": "skein fetch sends many at once (-j)",
  "-P": "-o FILE",
  "-i": "skein fetch LIST",
  "-r": '-H "Range: bytes=…"',
  "--url": "the URL needs no flag",
  "--compressed": "it is always so; leave it out",
  "--data-raw": "-d",
  "--data-binary": "-d, which takes a file as it is",
  "--data-ascii": "-d",
  "--data-urlencode": "-d, with what is encoded already; or -F name=value",
  "--form-string": "-F",
  "--oauth2-bearer": '-H "Authorization: Bearer …"',
  "--bearer": '-H "Authorization: Bearer …"',
  "--parallel-max": "-j",
  "--retry": "--attempts, which counts the first one, too",
  "--retry-all-errors": "--retry-on",
  "--max-redirs": "20 are followed; --no-location follows none",
  "--max-filesize": "--max-body",
  "--tries": "--attempts",
  "--wait": "--rate-host, such as 1/s",
  "--input-file": "skein fetch LIST",
  "--follow": "-L, which is on by default",
  "--verify": "certificates are verified; -k accepts any",
};

const LONG: Readonly<Record<string, string>> = {
  ...{ "--head": "-I", "--silent": "-s", "--show-error": "-S", "--referer": "-e", "--cookie": "-b" },
  ...{
    "--cookie-jar": "-c",
    "--max-time": "-m",
    "--get": "-G",
    "--remote-name": "-O",
    "--continue-at": "-C",
  },
  ...{ "--upload-file": "-T", "--write-out": "-w", "--parallel": "-Z", "--range": "-r" },
};

/** Each of them, with what is told. */
export const FOREIGN_FLAGS = [
  ...Object.entries(INSTEAD),
  ...Object.entries(LONG).map(([flag, short]) => [flag, INSTEAD[short]!] as const),
].map(([flag, instead]) => ({ flag, instead }));

/** The message of an unknown flag, with what Skein calls it. */
export function withFlagHint(message: string): string {
  const written = /unknown option '([^'=]+)/.exec(message)?.[1];
  // Of several in one, such as -sS, the first.
  const flag = written?.startsWith("--") ? written : written?.slice(0, 2);
  const known = FOREIGN_FLAGS.find(foreign => foreign.flag === flag);
  return known === undefined ? message : `${message.split("\n")[0]}\n(Instead: ${known.instead})\n`;
}
