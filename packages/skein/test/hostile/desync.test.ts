import { expect, test } from "@skein/testkit";
import { Client, SkeinError } from "../../src/entry/node.ts";
import { baseline, Chance, LIMIT_MS, nothingEscapes, outcomeOf, pause, TIMES } from "./harness.ts";
import { plannedServer } from "./planned-server.ts";

/** An answer whose every byte tells whose it is, sent in pieces with pauses between them. */
function planOf(nonce: string, chance: Chance): { plan: (string | number)[]; body: string } {
  const body = `${nonce};`.repeat(1 + chance.int(chance.happens(0.1) ? 20_000 : 20));
  const whole = chance.happens(0.5)
    ? `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    : `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(body, chance)}0\r\nx: ${nonce}\r\n\r\n`;
  const plan: (string | number)[] = [];
  const pieces = chance.pick([1, 1, 2, 5]);
  for (let at = 0; at < whole.length; ) {
    const length = 1 + chance.int(Math.ceil((2 * whole.length) / pieces));
    plan.push(whole.slice(at, at + length));
    at += length;
    if (pieces > 1) plan.push(chance.int(3));
  }
  return { plan, body };
}

function chunked(body: string, chance: Chance): string {
  let text = "";
  for (let at = 0; at < body.length; ) {
    const chunk = body.slice(at, at + 1 + chance.int(5_000));
    text += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
    at += chunk.length;
  }
  return text;
}

test("aborts at any moment under load: no call ever sees another's answer", {
  timeout: LIMIT_MS,
}, async () => {
  nothingEscapes();
  const chance = new Chance("desync");
  const server = await plannedServer();
  const restored = baseline();
  const client = new Client({ retry: false, timeout: "10s", limits: { maxConnectionsPerOrigin: 12 } });
  const counts: Record<string, number> = {};
  const until = performance.now() + 4_000 * TIMES;
  let calls = 0;

  /** A part of its own answer, the whole of it, or an error of ours. */
  const check = (given: string | SkeinError, expected: string): void => {
    if (given instanceof SkeinError) {
      counts[given.code] = (counts[given.code] ?? 0) + 1;
      expect(["ABORTED", "TOTAL_TIMEOUT", "READ_TIMEOUT", "STREAM_CLOSED"]).toContain(given.code);
      return;
    }
    counts.whole = (counts.whole ?? 0) + 1;
    if (given !== expected)
      expect.unreachable(`seed ${chance.seed}: not its own answer: ${given.slice(0, 200)}`);
  };
  const leftStream = async (url: string, body: string): Promise<void> => {
    const stream = await outcomeOf(client.stream(url));
    if (stream instanceof SkeinError) return check(stream, body);
    let text = "";
    const most = chance.int(4);
    let read = 0;
    for await (const chunk of stream.textChunks()) {
      text += chunk;
      if (read++ === most) break;
      if (chance.happens(0.2)) await pause(chance.int(3));
    }
    stream.close();
    check(body.slice(0, text.length), text);
  };
  const uploaded = async (url: string, body: string): Promise<void> => {
    const late = chance.int(3);
    async function* content() {
      for (let i = 0; i < 20; i++) {
        yield "GET /evil HTTP/1.1\r\n";
        await pause(late);
      }
    }
    const call = client.put(url, { content: content() });
    setTimeout(() => call.cancel(), chance.int(40));
    check(await outcomeOf(call.text()), body);
  };
  const once = async (): Promise<void> => {
    const { plan, body } = planOf(`${chance.seed}-${calls++}`, chance);
    const url = server.planned(...plan);
    const how = chance.int(8);
    if (how === 0) return leftStream(url, body);
    if (how === 1) return uploaded(url, body);
    if (how === 2) return check(await outcomeOf(client.get(url, { timeout: chance.int(8) }).text()), body);
    if (how === 3)
      return check(await outcomeOf(client.get(url, { timeout: { read: chance.int(4) } }).text()), body);
    if (how === 4) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), chance.int(8));
      return check(await outcomeOf(client.get(url, { signal: controller.signal }).text()), body);
    }
    const call = client.get(url);
    if (how === 5) setTimeout(() => call.cancel(), chance.int(6));
    if (how === 6) for (let turns = chance.int(6); turns > 0; turns--) await null;
    if (how === 6) call.cancel();
    check(await outcomeOf(call.text()), body);
  };
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      while (performance.now() < until) await once();
    }),
  );
  console.log(`desync: ${calls} calls: ${JSON.stringify(counts)}`);
  expect(counts.whole).toBeGreaterThan(100);
  expect(counts.ABORTED).toBeGreaterThan(100);
  await client.close();
  await restored();
  await server[Symbol.asyncDispose]();
});
