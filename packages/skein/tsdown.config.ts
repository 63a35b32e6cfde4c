import { defineConfig } from "tsdown";

/** One build, so that all files share the library: an error of the one is an error of the other. */
export default defineConfig({
  entry: {
    // The public faces, one a subpath of package.json's "exports".
    index: "src/entry/node.ts",
    jobs: "src/entry/jobs.ts",
    // Programs: the command line (its libraries are bundled in), and the journal's worker thread.
    cli: "src/cli/main.ts",
    "journal-worker": "src/jobs/journal/journal-worker.ts",
  },
  format: "esm",
  platform: "node",
  target: "node22",
  dts: { entry: ["src/entry/node.ts", "src/entry/jobs.ts"] },
  fixedExtension: false,
});
