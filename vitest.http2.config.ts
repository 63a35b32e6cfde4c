import { defineConfig } from "vitest/config";
import { behaviourSuite } from "./packages/testkit/src/stacks/behaviour-suite.ts";
import { stackOfRun } from "./packages/testkit/src/stacks/stack-of-run.ts";
import base from "./vitest.config.ts";

const front = stackOfRun();
if (front === undefined) throw new Error("SKEIN_TEST_FRONT: say which server of HTTP/2 to run behind");
const { files, pattern } = behaviourSuite(front);

/** The behaviour suite once more, its origins behind a server of HTTP/2; see tools/test-http2.ts. */
export default defineConfig({
  test: { ...base.test, include: [...files], testNamePattern: pattern },
  resolve: {
    alias: [
      {
        find: /^(?:\.\.\/)+src\/entry\/node\.ts$/,
        replacement: new URL("packages/testkit/src/stacks/stack-client.ts", import.meta.url).pathname,
      },
    ],
  },
});
