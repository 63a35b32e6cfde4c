/**
 * `node --expose-gc failing-batch.ts <items>`: a batch of which every item fails, against a server in the same process. Prints the
 * memory in use after a quarter of them and at the end, as JSON.
 */
import { createServer } from "node:net";
import { Client } from "../src/entry/node.ts";

const items = Number(process.argv[2]);
const REFUSAL = "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot there";

const server = createServer(socket => {
  socket.on("error", () => socket.destroy());
  socket.on("data", data => {
    const requests = data.toString("latin1").split("\r\n\r\n").length - 1;
    socket.write(REFUSAL.repeat(requests));
  });
});
await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
const address = server.address() as { port: number };

function* urls(): Generator<string> {
  for (let i = 0; i < items; i++) yield `http://127.0.0.1:${address.port}/${i}`;
}

function memory(): { rss: number; heap: number } {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heap: heapUsed };
}

const client = new Client();
let failed = 0;
let early: ReturnType<typeof memory> | undefined;
for await (const task of client.batch(urls())) {
  if (task.state !== "failed") throw new Error(`expected a failure: ${task.state}`);
  if (++failed === Math.floor(items / 4)) early = memory();
}
const late = memory();
await client.close();
server.close();
console.log(JSON.stringify({ failed, early, late }));
