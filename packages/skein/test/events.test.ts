import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, onTestFinished, originServer, test } from "@skein/testkit";
import {
  AbortError,
  Client,
  type EventsOptions,
  HTTPStatusError,
  RemoteProtocolError,
  type RequestContext,
  ResponseTooLarge,
  type ServerSentEvent,
  StreamConsumed,
} from "../src/entry/node.ts";

type Timeouts = RequestContext["timeouts"];

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** Answers the first connection with the first answer, and so on; with 204 when there is none left. */
async function eventServer(...answers: Answer[]) {
  let count = 0;
  const server = await originServer({
    routes: {
      events({ request, response }) {
        const answer = answers[count++];
        if (answer === undefined) response.writeHead(204).end();
        else answer(response, request);
      },
    },
  });
  const client = new Client();
  onTestFinished(async () => {
    client.destroy();
    await server.close();
  });
  const url = `${server.url}/events`;
  return { server, client, url, open: (options?: EventsOptions) => client.events(url, options) };
}

/** These chunks, one after the other; then the end, unless it stays open. */
function send(...chunks: string[]): Answer {
  return async response => {
    response.setHeader("content-type", "text/event-stream; charset=utf-8");
    response.flushHeaders();
    for (const chunk of chunks) {
      if (chunk === "reset") response.socket?.resetAndDestroy();
      if (chunk === "reset" || chunk === "open") return;
      response.write(chunk);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    response.end();
  };
}

async function all(events: AsyncIterable<ServerSentEvent>): Promise<string[]> {
  const data: string[] = [];
  for await (const event of events) data.push(event.data);
  return data;
}

describe("events", () => {
  test("come as they are sent, cut anywhere, with id, type and data", async () => {
    const { open, server } = await eventServer(
      send("\ufeffretry: 10\nid: 1\nevent: ad", "d\r", "\ndata: a\r\n\r", "\ndata: ü", "\n\n"),
    );
    const events: ServerSentEvent[] = [];
    for await (const event of open()) events.push(event);
    expect(events).toEqual([
      { id: "1", event: "add", data: "a", retry: 10 },
      { id: "1", event: "message", data: "ü", retry: undefined },
    ]);
    expect(server.requests[0]!.header("accept")).toBe("text/event-stream");
    expect(server.requests[0]!.header("cache-control")).toBe("no-cache");
    expect(server.requests[0]!.header("last-event-id")).toBeUndefined();
  });

  test("go on after an end and after a reset, naming the last id, until a 204", async () => {
    const { open, server } = await eventServer(
      send("retry: 10\nid: 7\ndata: a\n\n"),
      send("id: ü8\ndata: b\n\n", "data: half", "reset"),
      response => response.writeHead(503).end(),
      send("data: c\n\n"),
    );
    expect(await all(open())).toEqual(["a", "b", "c"]);
    const ids = server.requests.map(request => request.header("last-event-id"));
    expect(ids.slice(0, 2)).toEqual([undefined, "7"]);
    expect(Buffer.from(ids[2]!, "latin1").toString()).toBe("ü8");
    expect(server.requestCount).toBe(5);
  });

  test("begin where the caller says", async () => {
    const { open, server } = await eventServer();
    const events = open({ lastEventId: "41" });
    expect(await all(events)).toEqual([]);
    expect(server.requests[0]!.header("last-event-id")).toBe("41");
    expect(events.lastEventId).toBe("41");
  });

  test("are over at the end without reconnect; so are those of a POST, which is not sent twice by itself", async () => {
    for (const options of [{ reconnect: false }, { method: "POST", json: { prompt: "hi" } }]) {
      const { open, server } = await eventServer(send("data: a\n\n"), send("data: b\n\n"));
      expect(await all(open(options))).toEqual(["a"]);
      expect(server.requestCount).toBe(1);
    }
  });

  test("leaving the loop releases the connection, and connects no more", async () => {
    const { open, server } = await eventServer(send("retry: 1\ndata: a\n\n", "open"));
    for await (const event of open()) {
      expect(event.data).toBe("a");
      break;
    }
    await expect.poll(() => server.openConnections).toBe(0);
    expect(server.requestCount).toBe(1);
  });

  test("close() ends the loop: while it waits for an event, and between two connections", async () => {
    for (const chunks of [["data: a\n\n", "open"], ["retry: 60000\ndata: a\n\n"]]) {
      const { open, server } = await eventServer(send(...chunks));
      const events = open();
      const seen: string[] = [];
      for await (const event of events) {
        seen.push(event.data);
        setTimeout(() => events.close(), 30);
      }
      expect(seen).toEqual(["a"]);
      expect(server.requestCount).toBe(1);
    }
  });

  test("the signal ends the loop with AbortError, in the same places", async () => {
    for (const chunks of [["data: a\n\n", "open"], ["retry: 60000\ndata: a\n\n"]]) {
      const { open } = await eventServer(send(...chunks));
      const controller = new AbortController();
      const reading = (async () => {
        for await (const event of open({ signal: controller.signal })) {
          expect(event.data).toBe("a");
          setTimeout(() => controller.abort(), 30);
        }
      })();
      await expect(reading).rejects.toThrow(AbortError);
    }
  });

  test("a status that is an error, another content-type: errors, and no second try", async () => {
    const { open, server } = await eventServer(
      response => response.writeHead(404).end(),
      response => response.writeHead(200, { "content-type": "text/html" }).end(),
    );
    await expect(all(open())).rejects.toThrow(HTTPStatusError);
    await expect(all(open())).rejects.toThrow(RemoteProtocolError);
    expect(server.requestCount).toBe(2);
  });

  test("an event is bounded, whether in one line or in many", async () => {
    for (const chunk of [`data: ${"x".repeat(2_000)}`, "data: xxxxxxxxxx\n".repeat(200)]) {
      const { open } = await eventServer(send(chunk, "open"));
      await expect(all(open({ maxEventLength: 1_000 }))).rejects.toThrow(ResponseTooLarge);
    }
  });

  test("have neither a total nor a read timeout unless one is given", async () => {
    const { client, url } = await eventServer(send("data: a\n\n"));
    const seen: Timeouts[] = [];
    const watched = client.with(
      inner => ({
        send(request, context) {
          seen.push(context.timeouts);
          return inner.send(request, context);
        },
        close: () => inner.close(),
      }),
      { before: "buffer" },
    );
    await all(watched.events(url, { reconnect: false }));
    await all(watched.events(url, { timeout: { read: "7s" } }));
    const none = Number.POSITIVE_INFINITY;
    expect(seen[0]).toMatchObject({ total: none, read: none, connect: 5_000 });
    expect(seen[1]).toMatchObject({ total: none, read: 7_000 });
  });

  test("are read once", async () => {
    const { open } = await eventServer();
    const events = open();
    await all(events);
    await expect(all(events)).rejects.toThrow(StreamConsumed);
  });
});
