// Runs in a thread of its own: makes the same calls with each property of Object.prototype that it is told to set, one
// after the other, and tells how they ended. Pollution spares nobody: the test runner would not survive it.
import { parentPort, workerData } from "node:worker_threads";
import { Client, SkeinError } from "../../src/entry/node.ts";

interface Work {
  readonly url: string;
  readonly answers: Readonly<Record<string, string>>;
}

const { url, answers } = workerData as Work;
const client = () => new Client({ timeout: "5s", limits: { maxConnections: 1 } });

const SMOKE: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  get: async client => (await client.get(url)).text(),
  options: async client => (await client.get(url, { headers: { a: "b" }, params: { q: 1 } })).text(),
  json: async client => (await client.post(url, { json: { a: [1] } })).status,
  form: async client => (await client.post(url, { form: { a: 1 } })).status,
  stream: async client => {
    const stream = await client.stream(url);
    let text = "";
    for await (const chunk of stream.textChunks()) text += chunk;
    return text;
  },
  upload: async client => (await client.put(url, { content: () => ["a", "b"] })).status,
  empty: async client => (await client.get(answers.empty!)).text(),
  gzip: async client => (await client.get(answers.gzip!)).text(),
  br: async client => (await client.get(answers.br!)).text(),
  redirect: async client => (await client.get(answers.redirect!, { headers: { authorization: "x" } })).url,
  noRedirect: async client => (await client.get(answers.redirect!, { redirect: {} })).status,
  unavailable: async client =>
    (await client.get(answers.unavailable!, { retry: { attempts: 1 }, timeout: {} })).status,
  refused: client => client.get("http://127.0.0.1:1/", { retry: false }),
  misspelt: client => client.get(url, { tiemout: 1 } as never),
  cancelled: async client => {
    const call = client.get(answers.silent!);
    call.cancel();
    return call;
  },
  batch: async client => {
    const states: string[] = [];
    for await (const { state } of client.batch([url, { url, headers: { c: "d" } }], { concurrency: 1 }))
      states.push(state);
    return states;
  },
  extended: async client => (await client.extend({ headers: { e: "f" } }).get(url)).status,
};

async function outcomeOf(run: Promise<unknown>): Promise<unknown> {
  try {
    return await run;
  } catch (error) {
    if (error instanceof SkeinError)
      return `${error.name} ${error.code} ${error.requestSent} ${error.message}`;
    return `not ours: ${error}`;
  }
}

/** Everything the smoke suite gives, as text: what came back, by call. */
async function smoke(): Promise<string> {
  let text = "";
  for (const name of Object.keys(SMOKE)) {
    const made = client();
    const outcome = await outcomeOf(SMOKE[name]!(made));
    text += `${name}: ${JSON.stringify(outcome)}\n`;
    await made.close();
  }
  return text;
}

parentPort!.on("message", async ([name, value]: [string | undefined, unknown]) => {
  if (name !== undefined) {
    Object.defineProperty(Object.prototype, name, {
      __proto__: null,
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    } as PropertyDescriptor);
  }
  const text = await smoke();
  if (name !== undefined) delete (Object.prototype as Record<string, unknown>)[name];
  parentPort!.postMessage(text);
});
