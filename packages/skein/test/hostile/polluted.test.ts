import { Worker } from "node:worker_threads";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "@skein/testkit";
import { LIMIT_MS } from "./harness.ts";
import { plannedServer } from "./planned-server.ts";

/**
 * What a library with a merge that follows "__proto__" can have put on every object: anything that JSON can say.
 * (But not "connect": the name of an event there breaks the sockets of Node itself.)
 */
const POLLUTION: Readonly<Record<string, unknown>> = {
  // Options of a client, a call, a batch.
  baseUrl: "http://127.0.0.1:1/evil",
  headers: { evil: "1" },
  params: "evil=1",
  hooks: { evil: 1 },
  timeout: 1,
  retry: 5,
  redirect: false,
  raiseForStatus: true,
  defaultEncoding: "utf-16le",
  auth: ["evil", "evil"],
  cookies: { evil: "1" },
  cache: true,
  trace: "evil",
  logger: { evil: 1 },
  limits: { maxConnections: 7 },
  tls: { verify: false },
  transport: {},
  content: "evil",
  json: { evil: 1 },
  form: "evil=1",
  multipart: { evil: "1" },
  signal: { aborted: true, reason: "evil" },
  idempotencyKey: "evil",
  fallback: "evil",
  method: "DELETE",
  url: "http://127.0.0.1:1/evil",
  stream: true,
  attempts: 1,
  max: 0,
  downgrade: true,
  total: 1,
  read: 1,
  pool: 0,
  ca: "evil",
  verify: false,
  maxResponseBytes: 0,
  concurrency: 1000,
  request: "evil",
  parse: "evil",
  accept: "evil",
  onFailure: "cancel-batch",
  // Names that are ours inside, or the runtime's.
  body: "evil",
  built: { evil: 1 },
  host: "evil.test",
  hostname: "evil.test",
  path: "/tmp/evil.sock",
  socketPath: "/tmp/evil.sock",
  port: 1,
  localAddress: "192.0.2.1",
  localPort: 1,
  family: 6,
  fd: 0,
  socket: { evil: 1 },
  proxy: "http://127.0.0.1:1",
  http_proxy: "http://127.0.0.1:1",
  https_proxy: "evil://",
  ALL_PROXY: "evil://",
  REQUEST_METHOD: "GET",
  trustEnv: 7,
  trust: "evil",
  forwards: true,
  fields: "Evil: 1\r\n",
  hash: "#evil",
  userinfo: { username: "evil", password: "evil" },
  status: 418,
  cause: "evil",
  phase: "body",
  requestSent: "none",
  peer: "evil",
  done: true,
  value: "evil",
  get: "evil",
  0: "evil",
  toJSON: "evil",
  evil: "evil",
};

test("with any property on Object.prototype, the same bytes are sent, and calls end as without it", {
  timeout: LIMIT_MS,
}, async () => {
  const text = "decoded all the same";
  await using server = await plannedServer();
  const encoded = (coding: string, bytes: Buffer) =>
    server.planned(
      `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${bytes.length}\r\n\r\n${bytes.toString("latin1")}`,
    );
  const answers = {
    empty: server.planned("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    gzip: encoded("gzip", gzipSync(text)),
    br: encoded("br", brotliCompressSync(text)),
    redirect: server.planned(`HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n`),
    unavailable: server.planned("HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n"),
    silent: server.planned(1),
  };
  const worker = new Worker(new URL("./polluted-client.ts", import.meta.url), {
    workerData: { url: server.url, answers },
    execArgv: [],
  });
  const [finished, next] = repliesOf(worker);
  onTestFinished(finished);
  const smoke = async (name?: string, value?: unknown) => {
    const before = (await server.received()).length;
    worker.postMessage([name, value]);
    const outcomes = await next();
    return `${outcomes}\n${(await server.received()).slice(before).join("\n---\n")}`;
  };
  const clean = await smoke();
  expect(clean).toContain(`gzip: "${text}"`);
  for (const [name, value] of Object.entries(POLLUTION)) {
    expect.soft(await smoke(name, value), `Object.prototype.${name}`).toBe(clean);
  }
});

/** How to end the thread, and how to wait for what it says next. */
function repliesOf(worker: Worker): [finished: () => Promise<void>, next: () => Promise<string>] {
  let failed: (error: unknown) => void;
  worker.on("error", error => failed(error));
  const next = () =>
    new Promise<string>((resolve, reject) => {
      failed = reject;
      worker.once("message", resolve);
      setTimeout(() => reject(new Error("the calls did not end")), 5_000).unref();
    });
  return [async () => void (await worker.terminate()), next];
}
