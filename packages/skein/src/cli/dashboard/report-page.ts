import { createHash } from "node:crypto";
import { FileError } from "../exit-code.ts";
import { pageFile } from "./page.ts";
import type { ReportData } from "./report-data.ts";

/**
 * The page as one file that holds its script, its style and the figures of a job. It loads nothing, and runs nothing but that
 * script: its policy names both by their hash.
 *
 * @throws FileError where the package was built without its page
 */
export function reportPage(data: ReportData, title: string): string {
  const script = fileOf("/page.js").replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
  const style = fileOf("/page.css").replaceAll("</style", "<\\/style");
  const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeText(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="page"></div>
<script id="report" type="application/json">${escapeJson(data)}</script>
<script type="module">${script}</script>
</body>
</html>
`;
}

function fileOf(path: string): string {
  const file = pageFile(path);
  if (file !== undefined) return String(file.content);
  throw new FileError("the page of reports is missing from this installation of skein: install it again");
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** As JSON that can't end its element: URLs and messages come from elsewhere. */
function escapeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
