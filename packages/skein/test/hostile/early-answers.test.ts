import { expect, type ScriptedConnection, scriptedServer, test } from "@skein/testkit";
import { Client, type Content } from "../../src/entry/node.ts";
import { baseline, nothingEscapes, pause } from "./harness.ts";

const REFUSAL = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 7\r\n\r\ntoo big";
const SIZE = 8_000_000;

const BODIES: Readonly<Record<string, () => Content>> = {
  "in memory": () => new Uint8Array(SIZE),
  "in chunks": async function* () {
    for (let sent = 0; sent < SIZE; sent += 50_000) yield new Uint8Array(50_000);
  },
  "that stalls": () =>
    new ReadableStream({
      start: controller => controller.enqueue(new Uint8Array(10)),
      pull: () => new Promise(() => undefined),
    }) as unknown as Content,
};

/** How a server goes on that has refused a body before it has read it. */
const THEN: Readonly<Record<string, (connection: ScriptedConnection) => unknown>> = {
  "reads on": () => undefined,
  "ends its side": connection => connection.end(),
  // Unread bytes make a close a reset: what is sent meanwhile ends in EPIPE.
  closes: async connection => {
    connection.socket.pause();
    await pause(20);
    connection.socket.destroy();
  },
};

const CASES = Object.keys(BODIES).flatMap(body => Object.keys(THEN).map(then => [body, then] as const));

// The answer says why the rest is not wanted: whatever happens to the rest, it is what the caller must see.
test.each(CASES)(
  "a body %s is refused by a server that then %s: the refusal is delivered",
  async (body, then) => {
    nothingEscapes();
    let connections = 0;
    const server = await scriptedServer(async connection => {
      connections += 1;
      await connection.readHead();
      await connection.write(REFUSAL);
      await THEN[then]!(connection);
    });
    const restored = baseline();
    const client = new Client({ retry: false, timeout: "10s" });
    for (let i = 1; i <= 5; i++) {
      const response = await client.put(server.url, { content: BODIES[body]!() });
      expect([response.status, response.text()]).toEqual([413, "too big"]);
      // Nobody knows where the rest of the request ends: never again on this connection.
      expect([connections, response.reused]).toEqual([i, false]);
    }
    client.destroy();
    await server.close();
    await restored();
  },
);
