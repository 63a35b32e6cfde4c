import { once } from "node:events";
import { createSecureServer, createServer, type Http2SecureServer, type Http2Server } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import {
  describe,
  expect,
  onTestFinished,
  originServer,
  test,
  testCertificates,
  tlsOriginServer,
} from "@skein/testkit";
import { Client, type ClientOptions } from "../../src/entry/node.ts";
import { frame, frameServer, uint32 } from "./frame-server.ts";

const { ca, valid } = testCertificates();

function clientOf(options: ClientOptions = {}): Client {
  const client = new Client({ retry: false, timeout: "10s", tls: { ca }, ...options });
  onTestFinished(() => client.destroy());
  return client;
}

/** Answers with the version that it was asked in. */
async function serve<S extends Http2Server | Http2SecureServer>(server: S): Promise<number> {
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", session => sessions.add(session.on("error", () => {})));
  server.on("request", (request: { httpVersion: string }, response: { end(text: string): void }) =>
    response.end(request.httpVersion),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test("servers over TLS are asked for HTTP/2 unless told otherwise", async () => {
  const { cert, key } = valid;
  const url = `https://127.0.0.1:${await serve(createSecureServer({ cert, key, allowHTTP1: true }))}/`;
  const versions = async (options?: ClientOptions) => {
    const response = await clientOf(options).get(url);
    return [response.httpVersion, response.text()];
  };
  expect(await versions()).toEqual(["2", "2.0"]);
  expect(await versions({ http2: false })).toEqual(["1.1", "1.1"]);
  expect(await versions({ http1: false })).toEqual(["2", "2.0"]);
});

describe("http1: false", () => {
  test("HTTP/2 to an http: URL, at once and over one connection", async () => {
    let connections = 0;
    const server = createServer().on("session", () => {
      connections += 1;
    });
    const url = `http://127.0.0.1:${await serve(server)}/`;
    const client = clientOf({ http1: false });
    const responses = await Promise.all(Array.from({ length: 50 }, (_, i) => client.get(`${url}?${i}`)));
    expect(new Set(responses.map(response => `${response.httpVersion} ${response.text()}`))).toEqual(
      new Set(["2 2.0"]),
    );
    expect(connections).toBe(1);
    expect(
      (
        await clientOf()
          .get("http://127.0.0.1:1/")
          .catch(error => error)
      ).code,
    ).toBe("CONNECTION_REFUSED");
  });

  test("a server that has HTTP/1.1 alone is an error that says so", async () => {
    await using plain = await originServer();
    await expect(clientOf({ http1: false }).get(`${plain.url}/ok`)).rejects.toMatchObject({
      name: "RemoteProtocolError",
      message: expect.stringContaining("not valid HTTP/2"),
    });
    await using secure = await tlsOriginServer({ tls: { ALPNProtocols: [] } });
    await expect(clientOf({ http1: false }).get(`${secure.url}/ok`)).rejects.toMatchObject({
      code: "UNSUPPORTED_PROTOCOL",
      requestSent: "none",
      message: expect.stringContaining("does not speak HTTP/2, and `http1` is false"),
    });
  });

  test("with `http2: false` nothing would be left to speak", () => {
    expect(() => new Client({ http1: false, http2: false })).toThrow(
      "http1, http2: one of the two is needed",
    );
    expect(() => new Client({ http1: "no" as never })).toThrow("http1: expected true or false; got string");
  });
});

test("what leaves HTTP goes over HTTP/1.1, also where the server has HTTP/2", async () => {
  const { cert, key } = valid;
  const server = createSecureServer({ cert, key, allowHTTP1: true });
  const port = await serve(server);
  server.on("upgrade", (_request, socket: Socket) => {
    socket.on("error", () => {});
    socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello");
  });
  const client = clientOf();
  expect((await client.get(`https://127.0.0.1:${port}/`)).httpVersion).toBe("2");
  const raw = await client.upgrade(`https://127.0.0.1:${port}/`, { protocol: "echo" });
  const { value } = await raw.readable.getReader().read();
  expect(Buffer.from(value!).toString()).toBe("hello");
  expect((await client.get(`https://127.0.0.1:${port}/`)).httpVersion).toBe("2");
});

test("HTTP_1_1_REQUIRED: sent once more over HTTP/1.1, also a POST", async () => {
  const { cert, key } = valid;
  const http1 = createHttpsServer({ cert, key }, (request, response) => {
    let body = "";
    request
      .on("data", chunk => (body += chunk))
      .on("end", () => response.end(`${request.httpVersion} ${body}`));
  });
  http1.listen(0, "127.0.0.1");
  await once(http1, "listening");
  onTestFinished(() => void http1.close().closeAllConnections());
  const { port } = http1.address() as AddressInfo;
  await using http2 = await frameServer((socket, id) => {
    socket.write(frame("RST_STREAM", id, { payload: uint32(0xd) }));
  });
  const { port: front } = new URL(http2.url);
  // One name, and two servers behind it: the first connection leads to the one that refuses.
  let connections = 0;
  const client = clientOf({
    lookup: (_host, _options, callback) => callback(null, "127.0.0.1", 4),
    proxy: {
      url: `http://127.0.0.1:${await switchboard(() => (connections++ === 0 ? Number(front) : port))}`,
    },
  });
  const response = await client.post("https://localhost:4433/", { content: "once" });
  expect([response.httpVersion, response.text()]).toEqual(["1.1", "1.1 once"]);
  expect(connections).toBe(2);
});

/** A proxy whose tunnels lead to the port that it is told, whatever is asked for. */
async function switchboard(next: () => number): Promise<number> {
  const { createServer: createNetServer, connect } = await import("node:net");
  const server = createNetServer(socket => {
    socket.once("data", () => {
      const there = connect(next(), "127.0.0.1", () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
      for (const side of [socket, there])
        side.on("error", () => {}).on("close", () => (side === socket ? there : socket).destroy());
      socket.pipe(there).pipe(socket);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}
