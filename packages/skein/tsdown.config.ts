import { defineConfig } from "tsdown";

export default defineConfig([
  {
    // The public faces, one file a subpath of package.json's "exports".
    entry: { index: "src/entry/node.ts", jobs: "src/entry/jobs.ts" },
    format: "esm",
    platform: "node",
    target: "node22",
    dts: true,
    clean: true,
    fixedExtension: false,
  },
  {
    // Programs: the command line (its libraries are bundled in) and the journal's worker thread.
    entry: { cli: "src/cli/main.ts", "journal-worker": "src/jobs/journal/journal-worker.ts" },
    format: "esm",
    platform: "node",
    target: "node22",
    dts: false,
    clean: false,
    fixedExtension: false,
  },
]);
