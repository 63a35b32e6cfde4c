/** What stands below the flags in `--help`: examples first, for they are what people read. */
export const PROGRAM_HELP = `
Examples:
  skein fetch urls.txt -o results.jsonl      fetch a list; run it again to go on
  skein get https://example.com/data.json    print one answer
  skein download https://example.com/disk.iso
  skein fetch --help                         all about lists

Settings: a flag, else a variable (--per-host is SKEIN_PER_HOST), else
skein.config.json or skein.config.ts, else the default.

Exit codes:
  0 success   1 some failed   2 used wrongly   3 file error
  7 stopped early, can go on   130 interrupted, can go on
`;

export const FETCH_HELP = `
Examples:
  skein fetch urls.txt -o results.jsonl
  skein fetch urls.txt -o results.jsonl -j 200 --per-host 20 --timeout 20s
  skein fetch urls.txt -o results.jsonl -j auto --per-host auto --rate-host 5/s
  skein fetch urls.txt -o results.jsonl --retry-on 429,5xx --retry-max-time 2m
  skein fetch urls.txt -o results.jsonl --max-errors 5% --deadline 1h
  skein fetch urls.txt -o results.jsonl --retry-failed
  skein fetch urls.txt -o results.jsonl --refresh
  skein fetch https://example.com/a https://example.com/b -o results.jsonl
  skein fetch urls.txt -o results.csv
  skein fetch urls.txt -o results-{shard}.jsonl.gz --shard-size 100mb
  skein fetch urls.txt --dry-run
  skein fetch shops.csv.gz --url-column website -o results.jsonl
  grep -v '^#' urls.txt | skein fetch - -o results.jsonl --save-bodies pages

A line of the list is a URL (https where it names no scheme), or a JSON object:
{"url": …, "id": …, "method": …, "headers": {…}, "body" or "json": …, "meta": …}
Blank lines and lines that begin with # are left out. Of a table (CSV, TSV,
Parquet), the column "id" becomes the row's id, and all others its meta.
Sitemaps are lists, too. Any list may be packed: .gz, .zst, .br. With --format,
a list may stand at a URL, as may an index of sitemaps.

With {shard} in its name and --shard-size, the output is many files:
out-{shard}.jsonl.gz is out-00001.jsonl.gz, out-00002.jsonl.gz and so on.

An output whose name ends in .csv or .tsv is a table, without bodies; in .warc,
a WARC file; in .parquet, a Parquet file, made when all items have ended. One
that ends in .gz or .zst besides is packed. --output-format none keeps the
journal alone.

With auto it is found out how many requests each host can take at once: few at
first, more while its answers stay fast; 512 at most.

--dry-run and --curl send nothing, and need no -o: they print the first requests
that would be sent, the second as curl commands. --first all prints all.

--ui prints the URL of a page that shows the job, and pauses, stops or changes
it. On a terminal the page stays when the job has ended, until Ctrl-C.

Ctrl-C lets what is in flight end; the same command goes on from there. Beside
results.jsonl stand its journal (results.jsonl.job.db) and, where needed,
results.rejects.jsonl (lines that are no requests) and results.bodies/ (large
bodies).

Exit codes:
  0 all succeeded   1 some failed or were rejected   2 used wrongly
  3 file error   7 stopped early, can go on   130 interrupted, can go on
`;

export const STATUS_HELP = `
Examples:
  skein status results.jsonl
  skein status results.jsonl --json

While the job runs, that is how far it has come by now.

Exit codes, as those of the job:
  0 all succeeded   1 some failed or were rejected   2 used wrongly
  3 file error   7 can go on, or is running
`;

export const VERIFY_HELP = `
Examples:
  skein verify results.jsonl

Each line of the output is a whole row, each body has the length and the SHA-256
that its row says, and as many rows as items ended alike. Nothing is changed.
While the job runs, that is of what it has written by now.

Exit codes:
  0 all is as the journal says   2 used wrongly   3 it is not, or a file error
  7 skein retry is changing it at this moment
`;

export const UI_HELP = `
Examples:
  skein ui results.jsonl
  skein ui results.jsonl --port 8080

It prints the URL of a page, and serves it until Ctrl-C. The job may have ended,
or run in another process; it is only looked at. To control a job while it runs,
start it with skein fetch --ui.

The page is served to this machine alone, and only with the token in its URL.

Exit codes:
  0 stopped by Ctrl-C   2 used wrongly   3 file error
`;

export const REPORT_HELP = `
Examples:
  skein report results.jsonl
  skein report results.jsonl -o report.html --force

The report is one file that needs nothing else: figures, charts and tables of
all runs, and of the items the latest 800 that failed and the 200 slowest, with
their attempts. The job may still run: it is of the moment when it is made.

Exit codes:
  0 written   2 used wrongly   3 file error
`;

export const RETRY_HELP = `
Examples:
  skein retry results.jsonl
  skein retry results.jsonl --where status=429
  skein retry results.jsonl --where "state=failed,error=READ_TIMEOUT"
  skein retry results.jsonl --where state=unknown

Conditions are separated by commas, and all must hold. Fields: state (failed,
or unknown: not safe to repeat, and killed while it may have been sent),
status, error (its code). Operators: = != < <= > >= and, for texts, ~
(contains). A status may be a class (status=5xx); status=none: without an
answer.

Their lines leave the output; nothing is sent. Then give the command that began
the job once more.

Exit codes:
  0 done   2 used wrongly   3 file error   7 the job is running
`;

export const EXPORT_HELP = `
Examples:
  skein export results.jsonl -o results.csv
  skein export results.jsonl -o results.parquet --fields id,url,status,body
  skein export results.jsonl --where "status=429" --fields id,url,message
  skein export results.jsonl --where "state=failed,url~.com" -o failed.jsonl

Conditions are separated by commas, and all must hold. Fields: id, url,
finalUrl, state, status, attempts, bytes, contentType, served (milliseconds),
error (its code), message. Operators: = != < <= > >= and, for texts, ~
(contains). A status may be a class (status=5xx); status=none: without an
answer.

Columns: id, url, finalUrl, state, status, attempts, queued, waited, served,
bytes, sha256, contentType, body, bodyBase64, path, error, phase, message, meta.

A name that ends in .gz or .zst besides, such as results.csv.gz, is packed.

Exit codes:
  0 exported   2 used wrongly   3 file error
`;

export const DOWNLOAD_HELP = `
Examples:
  skein download https://example.com/disk.iso
  skein download https://example.com/disk.iso -o images/
  skein download https://example.com/disk.iso --sha256 "$DIGITS"

What has come so far stands in disk.iso.part, with a note beside it; disk.iso is
there when it is whole, and has the length and the SHA-256 that it must have.

Exit codes:
  0 it is there   1 no answer, a refusing one, or wrong bytes   2 used wrongly
  3 file error   130 interrupted, can go on
`;

export const COMPLETION_HELP = `
Examples:
  source <(skein completion bash)
  skein completion zsh > "$HOME/_skein"
  skein completion fish > "$HOME/skein.fish"

For every shell that is started: put the first line into ~/.bashrc; the second
file into a directory of $fpath; the third into ~/.config/fish/completions.

Exit codes:
  0 printed   2 used wrongly
`;

const REQUEST_EXAMPLES: Readonly<Record<string, string>> = {
  get: `
  skein get https://example.com/data.json
  skein get -i https://example.com
  skein get https://example.com/logo.png -o logo.png
  skein get https://example.com/account --session cookies.json
  skein get https://example.com/private -u name:password --curl`,
  post: `
  skein post https://example.com/users --json '{"name": "Ada"}'
  skein post https://example.com/form -d 'name=Ada&age=36'
  skein post https://example.com/up -F title=Photo -F file=@a.jpg
  skein post https://example.com/up -d @a.jpg -H 'Content-Type: image/jpeg'`,
  put: `
  skein put https://example.com/users/1 --json @user.json`,
  patch: `
  skein patch https://example.com/users/1 --json '{"age": 37}'`,
  delete: `
  skein delete https://example.com/users/1 -H "Authorization: Bearer $TOKEN"`,
  head: `
  skein head https://example.com`,
  options: `
  skein options -i https://example.com`,
};

export function requestHelp(name: string): string {
  return `
Examples:${REQUEST_EXAMPLES[name] ?? ""}

On a terminal JSON is indented; in a pipe or a file the body is as it came.
Redirects are followed, without credentials where they lead to another origin.

--dry-run and --curl send nothing: they print the request, the second as a curl
command. Credentials are *** there, unless --show-secrets is given.

Exit codes:
  0 answered, whatever the status (but see --fail)   1 no answer
  2 used wrongly   3 file error
`;
}
