import { block, expect, frame, onTestFinished, test, testCertificates } from "@skein/testkit";
import { Client, type SkeinError } from "../../src/entry/node.ts";
import { frameServer } from "./frame-server.ts";

const END_STREAM = 0x1;
const END_HEADERS = 0x4;

/** An answer without a length, with one, and with trailers. */
const ANSWERS: Readonly<Record<string, (id: number) => Buffer>> = {
  "that says no length": id =>
    Buffer.concat([
      frame("HEADERS", id, { flags: END_HEADERS, payload: block([[":status", "200"]]) }),
      frame("DATA", id, { payload: "half " }),
      frame("DATA", id, { flags: END_STREAM, payload: "and half" }),
    ]),
  "of a stated length": id =>
    Buffer.concat([
      frame("HEADERS", id, {
        flags: END_HEADERS,
        payload: block([
          [":status", "200"],
          ["content-length", "13"],
        ]),
      }),
      frame("DATA", id, { payload: "half and half" }),
      frame("DATA", id, { flags: END_STREAM }),
    ]),
  "with trailers": id =>
    Buffer.concat([
      frame("HEADERS", id, { flags: END_HEADERS, payload: block([[":status", "200"]]) }),
      frame("DATA", id, { payload: "half and half" }),
      frame("HEADERS", id, { flags: END_HEADERS | END_STREAM, payload: block([["x-sum", "1"]]) }),
    ]),
};

const WAYS = ["ended", "destroyed", "left silent"] as const;

test.each(Object.keys(ANSWERS).flatMap(name => WAYS.map(way => [name, way] as const)))(
  "an answer %s, %s at every byte: only the whole one is a success",
  async (name, way) => {
    const answer = ANSWERS[name]!;
    const whole = answer(1).length;
    await using server = await frameServer((socket, id, request) => {
      const cut = request - 1;
      socket.write(answer(id).subarray(0, cut), () => {
        if (way === "ended") socket.end();
        else if (way === "destroyed") socket.destroy();
      });
    });
    const client = new Client({
      http2: true,
      tls: { ca: testCertificates().ca },
      retry: false,
      timeout: { total: "10s", read: way === "left silent" ? "60ms" : "5s" },
    });
    onTestFinished(() => client.destroy());
    const outcomes: string[] = [];
    for (let cut = 0; cut <= whole; cut++) {
      // A POST is not sent again by itself.
      const outcome = await client
        .post(server.url)
        .text()
        .catch((error: SkeinError) => error.code);
      outcomes.push(outcome);
    }
    const successes = outcomes.flatMap((outcome, cut) => (outcome === "half and half" ? [cut] : []));
    expect(successes).toEqual([whole]);
    const codes = new Set(outcomes.filter(outcome => outcome !== "half and half"));
    expect([...codes].filter(code => !ENDINGS.has(code))).toEqual([]);
  },
);

const ENDINGS = new Set(["CONNECTION_CLOSED", "CONNECTION_RESET", "BODY_CUT", "READ_TIMEOUT"]);

test("a connection on which nothing comes for anybody is not used again; one that is slow for one call is", async () => {
  const whole = (id: number) => ANSWERS["of a stated length"]!(id);
  await using server = await frameServer((socket, id, request) => {
    if (request !== 2 && request !== 5) socket.write(whole(id));
    // What comes for another call shows that the connection lives.
    if (request === 5)
      for (let i = 1; i < 10; i++)
        setTimeout(() => socket.write(frame("PING", 0, { payload: Buffer.alloc(8) })), 40 * i);
  });
  const client = new Client({
    http2: true,
    tls: { ca: testCertificates().ca },
    retry: false,
    timeout: { read: "200ms" },
  });
  onTestFinished(() => client.destroy());
  await client.get(server.url);
  await expect(client.get(server.url)).rejects.toMatchObject({ code: "READ_TIMEOUT" });
  await client.get(server.url);
  await client.get(server.url);
  expect(server.connections).toBe(2);
  await expect(client.get(server.url)).rejects.toMatchObject({ code: "READ_TIMEOUT" });
  await client.get(server.url);
  expect(server.connections).toBe(2);
});

test("nor is one on which half a frame came, however late", async () => {
  const whole = (id: number) => ANSWERS["of a stated length"]!(id);
  await using server = await frameServer((socket, id, request) => {
    if (request > 1) return void socket.write(whole(id));
    socket.write(whole(id).subarray(0, 4));
    setTimeout(() => socket.write(whole(id).subarray(4, 6)), 80);
  });
  const tls = { ca: testCertificates().ca };
  const client = new Client({ http2: true, tls, retry: false, timeout: { read: "300ms" } });
  onTestFinished(() => client.destroy());
  await expect(client.get(server.url)).rejects.toMatchObject({ code: "READ_TIMEOUT" });
  expect(await client.get(server.url).text()).toBe("half and half");
  expect(server.connections).toBe(2);
});
