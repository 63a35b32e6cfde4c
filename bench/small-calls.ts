import { fileURLToPath } from "node:url";
import { type NginxServer, nginxServer } from "../packages/testkit/src/nginx-server.ts";
import { POST_BODY } from "./clients/post-body.ts";
import { interleave, pinned, type Rounds, ratioTable, runCommand } from "./measure.ts";

const GET_CLIENTS = [
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

/** How often, and how long, each client is measured. */
export interface Effort {
  readonly rounds: number;
  readonly seconds: number;
}

/** Small calls over kept-alive connections, one core, each client in a process of its own. */
export async function benchSmallCalls(effort: Effort): Promise<string> {
  await using nginx = await nginxServer({
    cpu: 1,
    locations: `
      location = /login { add_header Set-Cookie "session=0123456789abcdef; Path=/"; return 200 "ok"; }
      location / { default_type application/json; return 200 '${BODY}'; }`,
  });
  const gets = await measure(nginx, GET_CLIENTS, effort);
  const posts = await measure(nginx, ["skein-post", "undici-request-post"], effort);
  const policies = await measure(nginx, ["skein-policies-on", "skein-policies-off"], effort);
  return [aboutGets(gets), aboutFetch(gets), aboutPosts(posts), aboutPolicies(policies)].join("\n\n");
}

function measure({ url }: NginxServer, clients: readonly string[], effort: Effort): Promise<Rounds> {
  const script = fileURLToPath(new URL("./client-process.ts", import.meta.url));
  return interleave(clients, effort.rounds, async name => {
    const args = [script, name, `${url}/small`, String(CONNECTIONS), String(effort.seconds)];
    const output = await runCommand(...pinned(process.execPath, args));
    return JSON.parse(output).rate as number;
  });
}

function aboutGets(results: Rounds): string {
  return [
    "## Small GET",
    "",
    `nginx (one worker, second core), ${CONNECTIONS} kept-alive connections, a body of ${BODY.length} bytes read as text; the client on the first core.`,
    "`raw-net` parses nothing and writes a constant request: the bound on Node.",
    "",
    ratioTable(results, "skein"),
  ].join("\n");
}

function aboutFetch(results: Rounds): string {
  const both = new Map(["skein-fetch", "fetch"].map(name => [name, results.get(name)!]));
  return [
    "## `client.fetch`",
    "",
    "The same rounds: `client.fetch` beside the built-in `fetch`. Goal: 4.",
    "",
    ratioTable(both, "skein-fetch"),
  ].join("\n");
}

function aboutPosts(results: Rounds): string {
  return [
    "## POST of JSON",
    "",
    `The same, posting ${JSON.stringify(POST_BODY).length} bytes of JSON, which each call encodes. Goal: 1.4.`,
    "",
    ratioTable(results, "skein-post"),
  ].join("\n");
}

function aboutPolicies(results: Rounds): string {
  return [
    "## What policies cost",
    "",
    "Small GETs with retry, all six timeouts, all five hooks, redirects and a cookie that is sent, beside the same client",
    "with all of it explicitly off. Goal: 0.8.",
    "",
    ratioTable(results, "skein-policies-on"),
  ].join("\n");
}
