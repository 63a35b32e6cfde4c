import type { TLSSocket } from "node:tls";
import {
  describe,
  expect,
  haproxyServer,
  onTestFinished,
  originServer,
  test,
  testCertificates,
} from "@skein/testkit";
import { Client, type ClientOptions, type SkeinError } from "../../src/entry/node.ts";
import { block, frame, frameServer, uint32 } from "./frame-server.ts";

const END_STREAM = 0x1;
const END_HEADERS = 0x4;
const NO_ERROR = 0;
const ENHANCE_YOUR_CALM = 0xb;

function clientWith(options: ClientOptions = {}): Client {
  const tls = { ca: testCertificates().ca };
  const client = new Client({ http2: true, tls, retry: false, timeout: "10s", ...options });
  onTestFinished(() => client.destroy());
  return client;
}

function whole(id: number, text = "ok"): Buffer {
  const head = frame("HEADERS", id, { flags: END_HEADERS, payload: block([[":status", "200"]]) });
  return Buffer.concat([head, frame("DATA", id, { flags: END_STREAM, payload: text })]);
}

const goaway = (last: number, code = NO_ERROR) => frame("GOAWAY", 0, { payload: uint32(last, code) });
const reset = (id: number, code = NO_ERROR) => frame("RST_STREAM", id, { payload: uint32(code) });

describe("GOAWAY", () => {
  test.each<[string, (id: number) => Buffer]>([
    [
      "the last stream and then one before it (RFC 9113 §6.8)",
      id => Buffer.concat([goaway(2 ** 31 - 1), goaway(id - 2)]),
    ],
    [
      "one stream and then a later one, which is a mistake",
      id => Buffer.concat([goaway(id - 2), goaway(id)]),
    ],
    ["the same twice", id => Buffer.concat([goaway(id - 2), goaway(id - 2)])],
    ["with an error", id => goaway(id - 2, ENHANCE_YOUR_CALM)],
    ["and closes at once", id => goaway(id - 2)],
  ])("names %s: a POST that was not looked at is sent once more, and answered once", async (name, says) => {
    const seen: number[] = [];
    await using server = await frameServer((socket, id, request) => {
      seen.push(request);
      if (request !== 2) return void socket.write(whole(id, String(request)));
      socket.write(says(id), () => name === "and closes at once" && socket.end());
    });
    const client = clientWith();
    await client.get(server.url);
    expect(await client.post(server.url, { content: "x" }).text()).toBe("3");
    expect(await client.get(server.url).text()).toBe("4");
    expect([server.connections, seen]).toEqual([2, [1, 2, 3, 4]]);
  });

  test("between a hundred calls: each is answered, once", async () => {
    const answered = new Map<number, number>();
    await using server = await frameServer((socket: TLSSocket, id, request) => {
      // The connection's fortieth stream is the last one that it takes.
      if (id > 79) return;
      answered.set(request, id);
      socket.write(id === 79 ? Buffer.concat([goaway(79), whole(id)]) : whole(id));
    });
    const client = clientWith({ limits: { maxInFlightPerOrigin: 25 } });
    const posts = Array.from({ length: 100 }, () => client.post(server.url, { content: "x" }).text());
    expect(await Promise.all(posts)).toEqual(Array(100).fill("ok"));
    expect(answered.size).toBe(100);
    expect(server.connections).toBeGreaterThanOrEqual(3);
  });
});

describe("an answer that is whole before the request is", () => {
  test.each([
    ["and the server resets the stream (RFC 9113 §8.1)", true],
    ["and the server leaves it at that", false],
  ])("is taken, %s", async (_, resets) => {
    await using server = await frameServer((socket, id) => {
      socket.write(resets ? Buffer.concat([whole(id), reset(id)]) : whole(id));
    });
    const client = clientWith();
    for (let i = 0; i < 3; i++) {
      const response = await client.post(server.url, { content: new Uint8Array(1_000_000) });
      expect(response.text()).toBe("ok");
    }
    expect(server.connections).toBe(1);
  });

  test("but not one that is cut with NO_ERROR", async () => {
    await using server = await frameServer((socket, id) => {
      socket.write(
        Buffer.concat([whole(id).subarray(0, -11), frame("DATA", id, { payload: "half" }), reset(id)]),
      );
    });
    const error = await clientWith()
      .post(server.url)
      .catch((error: SkeinError) => error);
    expect(error).toMatchObject({ code: "BODY_CUT" });
  });
});

test("calls that are given up by the thousand spoil nothing for the others", async () => {
  await using origin = await originServer();
  await using front = await haproxyServer({ backend: origin.port, alpn: "h2" });
  const client = clientWith({ baseUrl: front.url });
  for (let round = 0; round < 10; round++) {
    const calls = Array.from({ length: 100 }, () => client.get("/delay/1000"));
    const others = Array.from({ length: 10 }, () => client.get("/ok").text());
    const ended = calls.map(call => call.catch((error: SkeinError) => error.code));
    await new Promise(resolve => setTimeout(resolve, round % 2));
    for (const call of calls) call.cancel("enough");
    expect(new Set(await Promise.all(ended))).toEqual(new Set(["ABORTED"]));
    expect(await Promise.all(others)).toEqual(Array(10).fill("ok"));
  }
});
