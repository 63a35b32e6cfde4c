import { defineConfig, type UserConfig } from "tsdown";

const shared: UserConfig = { format: "esm", fixedExtension: false };

/** For Node, Bun and Deno. One build, so that all files share the library: an error of the one is an error of the other. */
const node: UserConfig = {
  ...shared,
  entry: {
    // The public faces, one a subpath of package.json's "exports".
    index: "src/entry/node.ts",
    jobs: "src/entry/jobs.ts",
    testing: "src/entry/testing.ts",
    // Programs: the command line (its libraries are bundled in), and the threads of jobs.
    cli: "src/cli/main.ts",
    "journal-worker": "src/jobs/journal/journal-worker.ts",
    "fetch-thread": "src/cli/commands/fetch-thread.ts",
    "engine-worker": "src/jobs/engine/engine-worker.ts",
  },
  platform: "node",
  target: "node22",
  dts: { entry: ["src/entry/node.ts", "src/entry/jobs.ts", "src/entry/testing.ts"] },
};

/** For pages, workers and the edge; without a word of Node's. It goes beside the other. */
const web: UserConfig = {
  ...shared,
  entry: { web: "src/entry/web.ts" },
  platform: "browser",
  target: "es2022",
  dts: true,
};

export default defineConfig([node, web]);
