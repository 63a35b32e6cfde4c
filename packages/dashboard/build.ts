import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type Rolldown } from "vite";

/**
 * Builds the page into one file, `packages/skein/dist/dashboard/index.html`, that needs nothing else: script and style stand in
 * it. `{{nonce}}` is for who serves it: with the content security policy that names it, nothing else runs.
 */
const built = (await build({
  configFile: fileURLToPath(new URL("vite.config.ts", import.meta.url)),
  build: { write: false },
  logLevel: "warn",
})) as Rolldown.RolldownOutput;

const only = (suffix: string): string => {
  const [found, ...more] = built.output.filter(({ fileName }) => fileName.endsWith(suffix));
  if (found === undefined || more.length > 0)
    throw new Error(
      `expected one file *${suffix}; got ${built.output.map(({ fileName }) => fileName).join(", ")}`,
    );
  return found.type === "chunk" ? found.code : String(found.source);
};

// What would end the element early. A function as replacement: `$` in it means nothing.
const script = only(".js").replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
const style = only(".css").replaceAll("</style", "<\\/style");
const html = only(".html")
  .replace(/\s*<script type="module"[^>]*><\/script>/, "")
  .replace(/\s*<link rel="stylesheet"[^>]*>/, () => `\n    <style nonce="{{nonce}}">${style.trim()}</style>`)
  .replace("</body>", () => `  <script type="module" nonce="{{nonce}}">${script.trim()}</script>\n  </body>`);
if (!html.includes("<style nonce") || /(?:src|href)="(?!data:,)/.test(html.replace(script.trim(), "")))
  throw new Error("the page refers to another file");

const target = new URL("../skein/dist/dashboard/", import.meta.url);
mkdirSync(target, { recursive: true });
writeFileSync(new URL("index.html", target), html);
console.log(`dashboard: ${Math.ceil(Buffer.byteLength(html) / 1_000)} kB`);
