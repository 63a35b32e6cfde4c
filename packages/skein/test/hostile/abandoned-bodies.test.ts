import { Readable } from "node:stream";
import { expect, originServer, scriptedServer, test } from "@skein/testkit";
import { Client, type Content, fetchTransport, type RequestOptions } from "../../src/entry/node.ts";
import { baseline, nothingEscapes, outcomeOf, pause } from "./harness.ts";

/** A source that gives one chunk and then nothing for ever; `ended` resolves once it is told that nobody wants more. */
interface Stalled {
  readonly content: Content;
  readonly ended: Promise<void>;
}

function stalled(make: (end: () => void) => Content): Stalled {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { content: make(resolve), ended: promise };
}

const SOURCES: Record<string, () => Stalled> = {
  "an iterator": () =>
    stalled(end => {
      let given = false;
      return {
        [Symbol.asyncIterator]: () => ({
          next: () => {
            if (given) return new Promise<never>(() => undefined);
            given = true;
            return Promise.resolve({ done: false, value: "first" });
          },
          return: async () => {
            end();
            return { done: true, value: undefined };
          },
        }),
      };
    }),
  "an iterator whose return throws": () =>
    stalled(end => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => undefined),
        return: () => {
          end();
          throw new Error("no");
        },
      }),
    })),
  "a ReadableStream": () =>
    stalled(end => {
      const start = (controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array(3));
      return new ReadableStream({ start, pull: () => new Promise(() => undefined), cancel: end });
    }),
  "a Readable of Node": () =>
    stalled(end => {
      const readable = new Readable({ read: () => undefined, destroy: (_, done) => done(null) });
      readable.once("close", end);
      readable.push("first");
      return readable;
    }),
  "a function that makes one": () => {
    const made = SOURCES["an iterator"]!();
    return { content: () => made.content as AsyncIterable<string>, ended: made.ended };
  },
};

type End = (client: Client, options: RequestOptions, arrived: Promise<void>) => Promise<unknown>;

const ENDS = {
  cancelled: (client, options, arrived) => {
    const call = client.post("/", options);
    void arrived.then(() => call.cancel("enough"));
    return call;
  },
  "ended by its signal": (client, options, arrived) => {
    const controller = new AbortController();
    void arrived.then(() => controller.abort());
    return client.post("/", { ...options, signal: controller.signal });
  },
  "out of time": (client, options) => client.post("/", { ...options, timeout: 500 }),
  "that of a client that is destroyed": (client, options, arrived) => {
    void arrived.then(() => client.destroy());
    return client.post("/", options);
  },
} satisfies Record<string, End>;

const CASES = Object.keys(SOURCES).flatMap(source => Object.keys(ENDS).map(end => [end, source] as const));

// A caller's stream that waits for its own source holds files, sockets or locks: only we can tell it that the call is over.
test.each(CASES)("a call %s while %s stalls lets go of it at once", async (end, source) => {
  nothingEscapes();
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  const server = await scriptedServer(async connection => {
    await connection.readHead();
    resolve();
  });
  const restored = baseline();
  const client = new Client({ baseUrl: server.url, retry: false });
  const { content, ended } = SOURCES[source]!();
  const error = await outcomeOf(ENDS[end as keyof typeof ENDS](client, { content }, arrived));
  expect(error).toMatchObject({
    code: end === "out of time" ? "TOTAL_TIMEOUT" : "ABORTED",
    requestSent: "partial",
  });
  await ended;
  client.destroy();
  await server.close();
  await restored();
});

test.each<[string, (content: Content) => RequestOptions]>([
  ["with progress", content => ({ content, onUploadProgress: () => undefined })],
  ["of a stated length", content => ({ content, headers: { "content-length": "10" } })],
  [
    "of a form's part",
    content => ({ multipart: { file: { content: content as ReadableStream, filename: "x" } } }),
  ],
])("a body %s lets go of its source as well", async (_, optionsOf) => {
  nothingEscapes();
  await using server = await scriptedServer(async connection => void (await connection.readHead()));
  const client = new Client({ baseUrl: server.url, retry: false });
  const { content, ended } = SOURCES["a ReadableStream"]!();
  const call = client.post("/", optionsOf(content));
  await pause(20);
  call.cancel("enough");
  expect(await outcomeOf(call)).toMatchObject({ code: "ABORTED" });
  await ended;
  client.destroy();
});

test("a server that answers and closes before it has the body ends the wait for its next chunk", async () => {
  nothingEscapes();
  await using server = await scriptedServer(async connection => {
    await connection.readHead();
    await connection.write("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
  });
  const client = new Client({ baseUrl: server.url, retry: false });
  const { content, ended } = SOURCES["a ReadableStream"]!();
  const response = await client.post("/", { content });
  expect([response.status, response.text()]).toEqual([413, "no"]);
  await ended;
  client.destroy();
});

test.each([
  ["client.fetch", new Client()],
  ["the platform's fetch as a transport", new Client({ transport: fetchTransport() })],
])("%s lets go of its body too", async (_, client) => {
  nothingEscapes();
  await using server = await scriptedServer(async connection => void (await connection.readHead()));
  const { content, ended } = SOURCES["a ReadableStream"]!();
  const init = { method: "POST", body: content, duplex: "half", signal: AbortSignal.timeout(50) };
  await expect(client.fetch(server.url, init as RequestInit)).rejects.toThrow();
  await ended;
  client.destroy();
});

test("one sending that is abandoned leaves another of the same body alone", async () => {
  nothingEscapes();
  await using origin = await originServer();
  const client = new Client({ retry: false });
  const { promise: go, resolve } = Promise.withResolvers<void>();
  const request = client.buildRequest("POST", `${origin.url}/echo`, {
    content: async function* () {
      yield "one ";
      await go;
      yield "two";
    },
  });
  const [first, second] = [client.send(request), client.send(request)];
  await pause(20);
  first.cancel("enough");
  expect(await outcomeOf(first)).toMatchObject({ code: "ABORTED" });
  resolve();
  expect(await second.text()).toContain("one two");
  client.destroy();
});
