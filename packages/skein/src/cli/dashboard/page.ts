import { existsSync, readFileSync, statSync } from "node:fs";
import { extname, join, resolve, sep } from "node:path";

/** A file of the page, as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly content: Buffer | string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".json": "application/json",
};

/** Where the build has put the page: beside the bundle, and as seen from the sources. */
const DIRECTORIES = ["./dashboard/", "../../../dist/dashboard/"].map(path =>
  import.meta.dirname === undefined ? path : join(import.meta.dirname, path),
);

/** The system refuses longer names, with an error that says where this program stands. */
const LONGEST_PATH = 200;

/** What a browser gets for a path; undefined where there is no such file. */
export function pageFile(path: string): PageFile | undefined {
  const directory = DIRECTORIES.find(candidate => existsSync(join(candidate, "index.html")));
  if (directory === undefined)
    return path === "/" ? { type: TYPES[".html"]!, content: PLAIN_PAGE } : PLAIN[path];
  const root = resolve(directory);
  const file = resolve(root, `.${path === "/" ? "/index.html" : path}`);
  const isInside = file.startsWith(root + sep) && path.length <= LONGEST_PATH;
  if (!isInside || !statSync(file, { throwIfNoEntry: false })?.isFile()) return undefined;
  return { type: TYPES[extname(file)] ?? "application/octet-stream", content: readFileSync(file) };
}

/** Shown where the page has not been built: the figures, and no more. */
const PLAIN_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>skein</title>
<h1>skein</h1>
<p id="state" role="status">Reading the journal</p>
<dl id="figures"></dl>
<script type="module" src="/plain.js"></script>
</html>
`;

const PLAIN_SCRIPT = `
const token = new URLSearchParams(location.search).get("token") ?? "";
const events = new EventSource("/api/events?token=" + encodeURIComponent(token));
const list = document.getElementById("figures");
events.addEventListener("snapshot", event => {
  const { state, counts, requestsPerSecond, latency, statuses } = JSON.parse(event.data);
  document.getElementById("state").textContent = state;
  const figures = {
    ...counts,
    "requests a second": Math.round(requestsPerSecond),
    "p95 in ms": latency === null ? "none yet" : Math.round(latency.p95),
    statuses: statuses.map(({ status, count }) => status + ": " + count).join(", "),
  };
  list.replaceChildren(...Object.entries(figures).flatMap(([name, value]) => [line("dt", name), line("dd", value)]));
});
function line(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text ?? "not known";
  return element;
}
`;

const PLAIN: Readonly<Record<string, PageFile>> = {
  "/plain.js": { type: TYPES[".js"]!, content: PLAIN_SCRIPT },
};
