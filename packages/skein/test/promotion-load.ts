// Many small requests of one client, in a process of its own: promotion.test.ts reads what its garbage collector says.
import { Client } from "../src/entry/node.ts";

const IN_FLIGHT = 50;
const [, , url = "", version, how = "", count = "0"] = process.argv;

const client = new Client(
  version === "2" ? { http1: false, http2: true } : { limits: { maxConnectionsPerOrigin: IN_FLIGHT } },
);
let succeeded = 0;

function* urls() {
  for (let i = 0; i < Number(count); i++) {
    // From now on, what the client and its batch are made of is old.
    if (i === 200) globalThis.gc?.();
    yield `${url}/${i}`;
  }
}

/** Each of so many calls at once takes the next URL when it has ended. */
async function call(): Promise<void> {
  const all = urls();
  const one = async () => {
    for (const next of all) if ((await client.get(next)).ok) succeeded += 1;
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
}

async function batch(): Promise<void> {
  const options = {
    concurrency: IN_FLIGHT,
    perOrigin: IN_FLIGHT,
    ...(how === "deadline" ? { deadline: "1m" as const } : undefined),
    ...(how === "rate" ? { perOriginRate: "1000000/s" as const } : undefined),
  };
  for await (const { state } of client.batch(urls(), options)) if (state === "succeeded") succeeded += 1;
}

if (how === "calls") await call();
else await batch();
await client.close();
console.log(`succeeded ${succeeded}`);
