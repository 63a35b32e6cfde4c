import { fileURLToPath } from "node:url";
import { nginxServer } from "../packages/testkit/src/nginx-server.ts";
import { interleave, pinned, ratioTable, runCommand } from "./measure.ts";

const CLIENTS = [
  "raw-net",
  "skein",
  "skein-fetch",
  "undici-dispatch",
  "undici-request",
  "fetch",
  "got",
  "ky",
  "axios",
];
const CONNECTIONS = 50;
const BODY = '{"id":12345,"name":"Skein","tags":["a","b","c"],"ok":true}';

/** Small GETs over kept-alive connections, one core, each client in a process of its own. */
export async function benchSmallGet(rounds: number, seconds: number): Promise<string> {
  await using nginx = await nginxServer({
    cpu: 1,
    locations: `location / { default_type application/json; return 200 '${BODY}'; }`,
  });
  const script = fileURLToPath(new URL("./client-process.ts", import.meta.url));
  const results = await interleave(CLIENTS, rounds, async name => {
    const args = [script, name, `${nginx.url}/small`, String(CONNECTIONS), String(seconds)];
    const output = await runCommand(...pinned(process.execPath, args));
    return JSON.parse(output).rate as number;
  });
  return [
    "## Small GET",
    "",
    `nginx (one worker, second core), ${CONNECTIONS} kept-alive connections, a body of ${BODY.length} bytes read as text; the client on the first core.`,
    "`raw-net` parses nothing and writes a constant request: the bound on Node.",
    "",
    ratioTable(results, "skein"),
  ].join("\n");
}
