/** What people write today: p-queue bounds, undici fetches, a stream takes JSONL. */
import { createWriteStream, readFileSync } from "node:fs";
import PQueue from "p-queue";
import { Agent, request } from "undici";

const [list, output, inFlight] = process.argv.slice(2) as [string, string, string];
const urls = readFileSync(list, "utf8").split("\n").filter(Boolean);
const queue = new PQueue({ concurrency: Number(inFlight) });
const dispatcher = new Agent({ connections: Number(inFlight), pipelining: 1 });
const sink = createWriteStream(output);

await queue.addAll(
  urls.map((url, id) => async () => {
    const { statusCode, body } = await request(url, { dispatcher });
    sink.write(`${JSON.stringify({ id, url, status: statusCode, body: await body.text() })}\n`);
  }),
);
await new Promise<void>(resolve => sink.end(resolve));
await dispatcher.close();
