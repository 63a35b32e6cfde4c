import { expect, originServer, scriptedServer, test } from "@skein/testkit";
import { Client, type Content, type SkeinError } from "../../src/entry/node.ts";
import { nothingEscapes, outcomeOf, pause } from "./harness.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// What is thrown need not be an error, nor anything that can be shown: the message must not fail over it.
test.each<[string, unknown]>([
  ["an object without a prototype", Object.create(null)],
  ["nothing", undefined],
  ["a symbol", Symbol("why")],
  [
    "an object whose toString throws",
    {
      toString: () => {
        throw new Error("no");
      },
    },
  ],
])("a body that throws %s fails its call", async (_, thrown) => {
  nothingEscapes();
  await using origin = await originServer();
  const client = new Client({ retry: false, timeout: "5s" });
  const content = (async function* () {
    yield "first";
    throw thrown;
  })();
  const error = await outcomeOf(client.post(`${origin.url}/echo`, { content }));
  expect(error).toMatchObject({ code: "WRITE_FAILED", phase: "send", requestSent: "partial" });
  const factory = () => {
    throw thrown;
  };
  const other = await outcomeOf(client.post(`${origin.url}/echo`, { content: factory }));
  expect(other).toMatchObject({ code: "WRITE_FAILED" });
  expect((other as SkeinError).cause).toBe(thrown);
  expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
  client.destroy();
});

test("the failure of another call, whose body is sent on, is the cause and not the error itself", async () => {
  nothingEscapes();
  await using origin = await originServer();
  const client = new Client({ retry: false, timeout: "5s" });
  const source = await client.stream(`${origin.url}/cut-mid-body`);
  const error = await outcomeOf(client.post(`${origin.url}/echo`, { content: source.chunks() }));
  expect(error).toMatchObject({
    code: "WRITE_FAILED",
    request: { method: "POST" },
    cause: { code: "BODY_CUT" },
  });
  client.destroy();
});

// Both are sent with the length that the body had when the call was made. Fewer bytes, and the next request of the
// connection would be read as the rest of this one; more, and the rest of this one would be read as a request.
test.each<[string, (bytes: Uint8Array) => void]>([
  ["has given its memory away", bytes => void structuredClone(bytes, { transfer: [bytes.buffer] })],
  ["has grown", bytes => (bytes.buffer as ArrayBuffer).resize(2_000)],
])(
  "a body that %s while it waited for a connection is refused, and not a byte is sent",
  async (_, change) => {
    nothingEscapes();
    let received = "";
    await using server = await scriptedServer(async connection => {
      connection.socket.on("data", chunk => (received += chunk.toString("latin1")));
      for (;;) {
        const head = await connection.readHead();
        if (head.includes("/slow")) await pause(50);
        await connection.write(OK);
      }
    });
    const client = new Client({ timeout: "5s", limits: { maxConnections: 1 } });
    const first = client.get(`${server.url}/slow`);
    const bytes = new Uint8Array(new ArrayBuffer(1_000, { maxByteLength: 4_000 }));
    const call = client.post(`${server.url}/upload`, { content: bytes as Content });
    change(bytes);
    expect(await first.text()).toBe("ok");
    expect(await outcomeOf(call)).toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringContaining("1000"),
    });
    expect(await client.get(`${server.url}/after`).text()).toBe("ok");
    expect(received.match(/^[A-Z]+ \S+ HTTP/gm)).toEqual(["GET /slow HTTP", "GET /after HTTP"]);
    client.destroy();
  },
);
