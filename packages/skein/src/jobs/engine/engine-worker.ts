// A thread that sends for a job: its client, its batch, the rows. Files and list are the job's.
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { ThreadStart, ToThread } from "./thread-protocol.ts";
import { ThreadSide } from "./thread-side.ts";

if (parentPort === null) throw new Error("engine-worker is started as a thread by a job");
serve(parentPort, workerData as ThreadStart);

function serve(port: MessagePort, start: ThreadStart): void {
  const side = new ThreadSide(start, (message, transfer) => port.postMessage(message, transfer));
  port.on("message", (message: ToThread) => side.told(message));
  void side.run().finally(() => port.close());
}
