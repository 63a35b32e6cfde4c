import { Worker } from "node:worker_threads";

/**
 * What a server does with one request: waits (a number, in milliseconds), sends (text, as latin1, or text many times),
 * ends or resets the connection, or stops reading.
 */
type Plan = readonly (
  | number
  | string
  | { readonly act: "end" | "reset" | "stop-reading" }
  | { readonly act: "repeat"; readonly text: string; readonly times: number }
)[];

/** A server with an event loop of its own, so that this one can be blocked, and a realm that nobody has touched. */
export interface PlannedServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** The URL of a request that is answered so. */
  planned(...plan: Plan): string;
  /** The URL of a request that is answered with a start, something many times, and an end. */
  repeated(start: string, text: string, times: number, end: string): string;
  /** Everything that was received, as latin1 text: an entry a connection, in their order. */
  received(): Promise<string[]>;
}

/** Runs in the thread: plain JavaScript, that needs nothing of ours. */
const PROGRAM = `
const { parentPort } = require("node:worker_threads");
const received = [];
async function repeat(socket, text, times) {
  const most = Math.ceil(65536 / text.length);
  for (let left = times; left > 0 && !socket.destroyed; left -= most) {
    const taken = socket.write(text.repeat(Math.min(left, most)), "latin1");
    if (!taken) await new Promise(resolve => socket.once("drain", resolve).once("close", resolve));
  }
}
async function run(socket, steps) {
  for (const step of steps) {
    if (typeof step === "number") await new Promise(resolve => setTimeout(resolve, step));
    else if (typeof step === "string") socket.write(step, "latin1");
    else if (step.act === "end") socket.end();
    else if (step.act === "reset") socket.resetAndDestroy();
    else if (step.act === "repeat") await repeat(socket, step.text, step.times);
    else socket.pause();
  }
}
const server = require("node:net").createServer({ noDelay: true }, socket => {
  const index = received.push("") - 1;
  let seen = 0;
  let busy = Promise.resolve();
  socket.on("error", () => {});
  socket.on("data", chunk => {
    received[index] += chunk.toString("latin1");
    for (;;) {
      const end = received[index].indexOf("\\r\\n\\r\\n", seen);
      if (end < 0) return;
      const head = received[index].slice(seen, end);
      seen = end + 4;
      const plan = /[?&]plan=([A-Za-z0-9_-]+)/.exec(head);
      const steps = plan ? JSON.parse(Buffer.from(plan[1], "base64url").toString("latin1")) : ["HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"];
      busy = busy.then(() => run(socket, steps));
    }
  });
});
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
parentPort.on("message", () => parentPort.postMessage(received));
`;

export async function plannedServer(): Promise<PlannedServer> {
  const worker = new Worker(PROGRAM, { eval: true });
  const next = <T>() =>
    new Promise<T>((resolve, reject) => {
      worker.once("error", reject);
      worker.once("message", message => {
        worker.off("error", reject);
        resolve(message);
      });
    });
  const port = await next<number>();
  const url = `http://127.0.0.1:${port}`;
  const planned = (...plan: Plan) =>
    `${url}/?plan=${Buffer.from(JSON.stringify(plan), "latin1").toString("base64url")}`;
  return {
    url,
    port,
    planned,
    repeated: (start, text, times, end) => planned(start, { act: "repeat", text, times }, end),
    received() {
      const answer = next<string[]>();
      worker.postMessage("received");
      return answer;
    },
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  };
}
