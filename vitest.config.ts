import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "packages/*/src/**/*.test.ts",
      "packages/*/test/**/*.test.ts",
      "tools/**/*.test.ts",
      "examples/**/*.test.ts",
    ],
    // The default reporter tells people what happened; ours ends in one line that tools can read.
    reporters: ["default", "./tools/closing-line-reporter.ts"],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Real servers on a machine that CI shares: one more try there, and the report names those that needed it.
    retry: process.env.CI === undefined ? 0 : 1,
    // Two cores: more forks than that only make deadlines in tests less honest.
    maxWorkers: 2,
    pool: "forks",
    unstubEnvs: true,
    // Whatever proxy this machine has, servers of tests are reached without.
    env: { http_proxy: "", https_proxy: "", all_proxy: "" },
  },
});
