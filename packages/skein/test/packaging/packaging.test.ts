import { readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { beforeAll, describe, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { publint } from "publint";
import { build } from "vite";
import { BUNDLER, faultsIn, NODE16, NODE20 } from "./compiled.ts";
import { type Packed, packAndInstall, printedBy, ROOT } from "./packed.ts";

/** The package as it will be published: what is in it, and that it works where it is installed. */

let packed: Packed;
let origin: OriginServer;

beforeAll(async () => {
  [packed, origin] = await Promise.all([packAndInstall(), originServer()]);
  return () => origin.close();
}, 240_000);

describe("the tarball", () => {
  test("holds the built files, the program, the README and the licence, and nothing else", () => {
    const plain = packed.files.filter(name => !/^package\/dist\/[\w-]+\.(?:d\.ts|js)$/.test(name));
    expect(plain).toEqual([
      "package/LICENSE",
      "package/README.md",
      "package/bin/skein.js",
      "package/dist/dashboard/index.html",
      "package/dist/dashboard/page.css",
      "package/dist/dashboard/page.js",
      "package/package.json",
    ]);
    expect(packed.files).toEqual(expect.arrayContaining(["package/dist/index.js", "package/dist/web.d.ts"]));
  });

  test("publint has nothing to say", async () => {
    const { messages } = await publint({ pkgDir: packed.installed, pack: false, strict: true });
    expect(messages).toEqual([]);
  });

  test("the types are right: are-the-types-wrong finds no fault", async () => {
    const result = await checkPackage(createPackageFromTarballData(packed.tarball));
    expect(result.types).toEqual({ kind: "included" });
    const { problems, entrypoints } = result as Extract<typeof result, { problems: unknown }>;
    expect(Object.keys(entrypoints)).toEqual([".", "./jobs", "./testing", "./package.json"]);
    const faults = problems.filter(problem => {
      // Every Node that we run on can require ES modules; what knows no "exports" are Nodes older than 12.
      if (problem.kind === "CJSResolvesToESM") return false;
      return !("resolutionKind" in problem && problem.resolutionKind === "node10");
    });
    expect(faults).toEqual([]);
  });

  test("at most four packages are installed with it by name, and it runs no script of theirs or its own", () => {
    const { dependencies, scripts } = JSON.parse(
      readFileSync(join(packed.installed, "package.json"), "utf8"),
    );
    expect(Object.keys(dependencies).length).toBeLessThanOrEqual(4);
    expect(Object.keys(scripts).filter(name => /install|prepare$/.test(name))).toEqual([]);
  });
});

const USE = `
  const client = new Client({ transport: mockTransport(() => ({ json: { mocked: true } })) });
  client.get("https://a.test/").json().then(async mocked => {
    const real = new Client();
    const { status } = await real.get(process.argv[2]);
    await real.close();
    console.log(JSON.stringify([mocked, status, typeof Job.open, isSkeinError(new SkeinError("ABORTED", ""))]));
  });`;
const PRINTED = '[{"mocked":true},200,"function",true]\n';

describe("installed, it is used by", () => {
  test("import", async () => {
    const project = packed.project({
      "main.js": `
        import { Client, isSkeinError, SkeinError } from "skein";
        import { Job } from "skein/jobs";
        import { mockTransport } from "skein/testing";
        ${USE}`,
    });
    expect(await printedBy(project, process.execPath, ["main.js", `${origin.url}/ok`])).toBe(PRINTED);
  });

  test("require, which gives the same classes", async () => {
    const project = packed.project({
      "main.cjs": `
        const { Client, isSkeinError, SkeinError } = require("skein");
        const { Job } = require("skein/jobs");
        const { mockTransport } = require("skein/testing");
        import("skein").then(imported => {
          if (imported.Client !== Client) throw new Error("two copies");
        });
        ${USE}`,
    });
    const args = ["--no-warnings=ExperimentalWarning", "main.cjs", `${origin.url}/ok`];
    expect(await printedBy(project, process.execPath, args)).toBe(PRINTED);
  });

  test("its program", async () => {
    const project = packed.project({});
    const bin = join(packed.installed, "../.bin/skein");
    const { version } = JSON.parse(readFileSync(join(packed.installed, "package.json"), "utf8"));
    expect(await printedBy(project, bin, ["--version"])).toBe(`${version}\n`);
    expect(await printedBy(project, bin, ["get", `${origin.url}/ok`])).toBe("ok");
    await printedBy(project, bin, ["fetch", `${origin.url}/ok`, `${origin.url}/text`, "-o", "out.jsonl"]);
    const rows = readFileSync(join(project, "out.jsonl"), "utf8").trim().split("\n");
    expect(rows.map(row => JSON.parse(row).status)).toEqual([200, 200]);
  });
});

/** As if @types/node were installed. */
const NODE_TYPES = { types: ["node"], typeRoots: [join(ROOT, "node_modules/@types")] };

const TYPED = `
  import { Client, type Response, type SettledTask } from "skein";
  import { Job, type JobSummary } from "skein/jobs";
  import { mockTransport } from "skein/testing";

  export async function names(urls: readonly string[]): Promise<string[]> {
    const client = new Client({ transport: mockTransport(() => ({ status: 200 })), timeout: { total: "5s" } });
    const found: string[] = [];
    for await (const task of client.batch(urls)) {
      const settled: SettledTask<string, Response> = task;
      if (settled.state === "succeeded") found.push(settled.value.json<{ name: string }>().name);
    }
    return found;
  }
  export const summary: Promise<JobSummary> | undefined = undefined;
  export { Job };`;

describe("installed, TypeScript compiles it, its declarations checked, with", { timeout: 60_000 }, () => {
  test("none of Node's types at hand, unless it is for `skein/testing`, which takes Node's handlers", () => {
    const text = TYPED.replace(/^.*(?:skein.testing).*$/m, "").replace(/transport: .*?\), /, "");
    expect(faultsIn(packed.project({ "user.ts": text }), BUNDLER)).toEqual([]);
  });

  test.each([
    ["node16", "user.ts", NODE16],
    ["node20, from a CommonJS file", "user.cts", NODE20],
    ["bundler", "user.ts", BUNDLER],
  ])("%s", (_name, file, options) => {
    expect(faultsIn(packed.project({ [file]: TYPED }), { ...options, ...NODE_TYPES })).toEqual([]);
  });

  test("bundler, for a page: what only sockets have is not there", () => {
    const project = packed.project({
      "user.ts": `
        import { Client, type WebOptions } from "skein";
        const web: WebOptions = { credentials: "include" };
        export const client = new Client({ web });
        // @ts-expect-error: a page has no say in TLS
        export const secure = new Client({ tls: {} });
        // @ts-expect-error: nor has it files
        export { harRecorder } from "skein";`,
    });
    expect(faultsIn(project, { ...BUNDLER, customConditions: ["browser"] })).toEqual([]);
  });

  test("everything that the types are said to be", () => {
    const folder = join(import.meta.dirname, "../types/fixtures");
    const fixtures = readdirSync(folder).map(name => {
      const text = readFileSync(join(folder, name), "utf8");
      return [name, text.replaceAll("../../../src/entry/node.ts", "skein")];
    });
    const project = packed.project(Object.fromEntries(fixtures));
    symlinkSync(join(ROOT, "node_modules"), join(project, "node_modules"));
    expect(faultsIn(project, { ...BUNDLER, allowImportingTsExtensions: true })).toEqual([]);
  });
});

describe("bundled for a page by Vite", () => {
  test("it is the web entry, without a word of Node's", async () => {
    const project = packed.project({
      "index.html": '<!doctype html><script type="module" src="/main.js"></script>',
      "main.js": `
        import { Client } from "skein";
        const client = new Client({ baseUrl: "/api", web: { credentials: "include" } });
        client.get("/birds").json().then(birds => { document.title = birds.length; });`,
    });
    await build({ root: project, logLevel: "error", configFile: false, build: { minify: false } });
    const assets = join(project, "dist/assets");
    const code = readdirSync(assets)
      .map(name => readFileSync(join(assets, name), "utf8"))
      .join("\n");
    expect(code).toContain("goes to the platform's fetch");
    expect(code).not.toMatch(/["'`]node:|__vite-browser-external|getBuiltinModule|\bBuffer\b/);
  });
});
