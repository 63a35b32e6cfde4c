// Runs in a process of its own, in which few files (or few ports) can be open: makes calls and a batch, and prints how
// they ended.
import { openSync } from "node:fs";
import { Client, isSkeinError } from "../../src/entry/node.ts";

const [mode = "", url = ""] = process.argv.slice(2);

/** Takes every file that is left. */
function takeFiles(): void {
  try {
    for (;;) openSync("/dev/null", "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EMFILE") throw error;
  }
}

async function outcome(call: PromiseLike<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    if (!isSkeinError(error)) return `not ours: ${String(error)}`;
    return `${error.code} ${error.phase} ${error.requestSent} ${error.retryable} ${error.attempts.length}`;
  }
}

const counted: Record<string, number> = {};
const count = (key: string) => (counted[key] = (counted[key] ?? 0) + 1);

const client = new Client({ retry: mode === "none" ? 2 : false, timeout: "30s" });
// What Node opens by itself when it first connects is open by now.
await client.get(url).text();
if (mode === "calls") {
  const calls = Array.from({ length: 400 }, () => outcome(client.get(url).text()));
  for (const result of await Promise.all(calls)) count(result);
} else if (mode === "batch") {
  const list = Array.from({ length: 400 }, () => url);
  for await (const task of client.batch(list, { concurrency: 100 })) {
    count(task.state);
    count(`attempts ${task.attempts.length}`);
  }
} else {
  client.destroy();
  takeFiles();
  count(await outcome(new Client({ retry: 2, timeout: "20s" }).get(url)));
}
console.log(JSON.stringify(counted));
process.exit(0);
