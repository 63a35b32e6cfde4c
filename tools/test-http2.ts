/**
 * `npm run test:http2` runs the behaviour suite over HTTP/2, behind each of the servers that the testkit can put before an
 * origin: one of ours, written frame by frame, nginx, Apache, Caddy and nghttpx. `-- nginx` takes one of them.
 */
import { spawnSync } from "node:child_process";
import { FRONTS } from "../packages/testkit/src/stacks/fronts.ts";

const wanted = process.argv.slice(2);
const unknown = wanted.find(name => !(name in FRONTS));
if (unknown !== undefined)
  throw new Error(`no server is named "${unknown}"; there are ${Object.keys(FRONTS).join(", ")}`);

for (const front of wanted.length > 0 ? wanted : Object.keys(FRONTS)) {
  console.log(`\nThe behaviour suite over HTTP/2, behind: ${front}`);
  const { status } = spawnSync("vitest", ["run", "--config", "vitest.http2.config.ts"], {
    stdio: "inherit",
    env: { ...process.env, SKEIN_TEST_FRONT: front },
  });
  if (status !== 0) process.exit(status ?? 1);
}
