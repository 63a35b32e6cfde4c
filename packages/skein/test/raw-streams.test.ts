import { createHash, randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import {
  describe,
  expect,
  originServer,
  type ScriptedConnection,
  scriptedServer,
  test,
} from "@skein/testkit";
import { Client, fetchTransport, type RawStream, type UpgradeOptions } from "../src/entry/node.ts";
import { baseline, nothingEscapes } from "./hostile/harness.ts";

const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
const ECHO = { protocol: "echo" };

async function listening(server: Server): Promise<{ url: string; port: number } & AsyncDisposable> {
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, port, [Symbol.asyncDispose]: close };
}

/** RFC 6455, as far as an echo of short text frames needs it. */
function webSocketServer(): Server {
  const server = createServer((_, response) => response.writeHead(426).end("upgrade, please"));
  server.on("upgrade", (request, socket) => {
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    const fields = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}`;
    // A first frame in the same write as the head.
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n\r\n\x81\x05hello`, "latin1");
    socket.on("data", (frame: Uint8Array) => {
      const text = frame.subarray(6).map((byte, i) => byte ^ frame[2 + (i % 4)]!);
      socket.write(Buffer.concat([Buffer.from([0x81, text.length]), text]));
    });
    socket.on("end", () => socket.end()).on("error", () => socket.destroy());
  });
  return server;
}

function maskedFrame(text: string): Uint8Array {
  const mask = randomBytes(4);
  const payload = Buffer.from(text).map((byte, i) => byte ^ mask[i % 4]!);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length]), mask, payload]);
}

/** Sends back what comes, until the other side ends. */
async function echoServer(first = "") {
  return scriptedServer(async connection => {
    await connection.readHead();
    connection.socket.on("data", chunk => connection.socket.write(chunk));
    connection.socket.once("end", () => connection.end());
    await connection.write(SWITCHED + first);
    await new Promise(resolve => connection.socket.once("close", resolve));
  });
}

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const bytes = (value: string) => new TextEncoder().encode(value);

async function readAll({ readable }: RawStream): Promise<string> {
  return new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).text();
}

async function readSome(stream: RawStream, length: number): Promise<string> {
  const reader = stream.readable.getReader();
  let read = "";
  while (read.length < length) {
    const { done, value } = await reader.read();
    if (done) break;
    read += text(value);
  }
  reader.releaseLock();
  return read;
}

async function writeText({ writable }: RawStream, value: string): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(bytes(value));
  writer.releaseLock();
}

describe("client.upgrade", () => {
  test("hands over the connection after 101: a WebSocket's handshake and frames", async () => {
    nothingEscapes();
    await using server = await listening(webSocketServer());
    const client = new Client();
    const key = randomBytes(16).toString("base64");
    const headers = { "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13" };
    const socket = await client.upgrade(`${server.url}/chat`, { protocol: "websocket", headers });
    const expected = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    expect(socket.status).toBe(101);
    expect(socket.headers.get("sec-websocket-accept")).toBe(expected);
    const reader = socket.readable.getReader();
    const writer = socket.writable.getWriter();
    // What came together with the head is not lost.
    expect(text((await reader.read()).value).slice(2)).toBe("hello");
    for (const word of ["one", "two", "three"]) {
      await writer.write(maskedFrame(word));
      expect(text((await reader.read()).value).slice(2)).toBe(word);
    }
    await socket.close();
    await client.close();
  });

  test("sends Connection and Upgrade, with the client's headers and credentials", async () => {
    let head = "";
    await using server = await scriptedServer(async connection => {
      head = await connection.readHead();
      await connection.write(SWITCHED);
      await new Promise(resolve => connection.socket.once("close", resolve));
    });
    const client = new Client({ baseUrl: server.url, headers: { "x-own": "1" }, auth: ["me", "secret"] });
    await (await client.upgrade("/socket", { ...ECHO, params: { v: 2 } })).close();
    expect(head).toMatch(/^GET \/socket\?v=2 HTTP\/1\.1\r\n/);
    expect(head).toMatch(/\r\nConnection: Upgrade\r\nUpgrade: echo\r\n/);
    expect(head).toMatch(/\r\nx-own: 1\r\n/);
    expect(head).toMatch(/\r\nAuthorization: Basic /i);
    await client.close();
  });

  test("a connection that has left HTTP is never used for another request", async () => {
    await using server = await scriptedServer(async connection => {
      for (;;) {
        const head = await connection.readHead();
        await connection.write(
          head.includes("Upgrade") ? SWITCHED : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        );
      }
    });
    const client = new Client({ baseUrl: server.url });
    expect((await client.get("/")).reused).toBe(false);
    const socket = await client.upgrade("/", ECHO);
    expect((await client.get("/")).reused).toBe(false);
    expect(server.connections).toBe(2);
    await socket.close();
    expect((await client.get("/")).reused).toBe(true);
    expect(server.connections).toBe(2);
    await client.close();
  });

  test("bytes go both ways, slowed by whoever reads slowly, and none is lost", async () => {
    nothingEscapes();
    await using server = await echoServer();
    const client = new Client();
    const socket = await client.upgrade(server.url, ECHO);
    const sent = randomBytes(3_000_000);
    const hash = createHash("sha256");
    const writing = (async () => {
      const writer = socket.writable.getWriter();
      for (let at = 0; at < sent.length; at += 50_000) await writer.write(sent.subarray(at, at + 50_000));
      await writer.close();
    })();
    for await (const chunk of socket.readable) hash.update(chunk);
    await writing;
    expect(hash.digest("hex")).toBe(createHash("sha256").update(sent).digest("hex"));
    await client.close();
  });

  test("closing our side leaves the peer's open until it has said all", async () => {
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      const { socket } = connection;
      socket.once("end", () => setTimeout(() => socket.end("the last word"), 50));
      await connection.write(SWITCHED);
      await new Promise(resolve => socket.once("close", resolve));
    });
    const client = new Client();
    const socket = await client.upgrade(server.url, ECHO);
    await socket.writable.close();
    expect(await readAll(socket)).toBe("the last word");
    await client.close();
  });

  test("the peer's end is the end of what can be read, and written", async () => {
    nothingEscapes();
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      await connection.write(`${SWITCHED}bye`);
      await connection.end();
    });
    const client = new Client();
    const socket = await client.upgrade(server.url, ECHO);
    expect(await readAll(socket)).toBe("bye");
    await expect(writeText(socket, "too late")).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    await client.close();
  });

  test("a reset fails both sides as what it is", async () => {
    nothingEscapes();
    let reset = () => {};
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      reset = () => connection.reset();
      await connection.write(SWITCHED);
      await new Promise(resolve => connection.socket.once("close", resolve));
    });
    const client = new Client();
    const socket = await client.upgrade(server.url, ECHO);
    const reading = readAll(socket);
    reset();
    await expect(reading).rejects.toMatchObject({ code: "CONNECTION_RESET", phase: "body" });
    await expect(writeText(socket, "x")).rejects.toMatchObject({ code: "CONNECTION_RESET" });
    await client.close();
  });

  test.each<[string, (socket: RawStream, client: Client, controller: AbortController) => unknown]>([
    ["destroy()", socket => socket.destroy("enough")],
    ["cancelling what is read", socket => socket.readable.cancel("enough")],
    ["aborting what is written", socket => socket.writable.abort("enough")],
    ["its signal", (_, __, controller) => controller.abort("enough")],
    ["its client's destroy()", (_, client) => client.destroy("enough")],
  ])("%s closes the connection, with nothing left behind", async (_, end) => {
    nothingEscapes();
    const server = await echoServer("first");
    const restored = baseline();
    const client = new Client();
    const controller = new AbortController();
    const socket = await client.upgrade(server.url, { ...ECHO, signal: controller.signal });
    expect(await readSome(socket, 5)).toBe("first");
    await end(socket, client, controller);
    await expect.poll(() => server.openConnections).toBe(0);
    await expect(writeText(socket, "x")).rejects.toThrow();
    client.destroy();
    await server.close();
    await restored();
  });

  test("closing the client waits for it, as for every call that is under way", async () => {
    await using server = await echoServer();
    const client = new Client();
    const socket = await client.upgrade(server.url, ECHO);
    let closed = false;
    const closing = client.close().then(() => (closed = true));
    await writeText(socket, "still here");
    expect(await readSome(socket, 10)).toBe("still here");
    expect(closed).toBe(false);
    await socket.close();
    await closing;
  });
});

describe("timeouts of an upgrade", () => {
  test("total and read count until the server has answered, and not after", async () => {
    await using server = await echoServer();
    const client = new Client();
    const timeout = { total: 300, read: 200 };
    const socket = await client.upgrade(server.url, { ...ECHO, timeout });
    await new Promise(resolve => setTimeout(resolve, 600));
    await writeText(socket, "patient");
    expect(await readSome(socket, 7)).toBe("patient");
    await socket.close();

    await using silent = await scriptedServer(async connection => void (await connection.readHead()));
    const call = client.upgrade(silent.url, { ...ECHO, timeout, retry: false });
    await expect(call).rejects.toMatchObject({ code: "READ_TIMEOUT" });
    await client.close();
  });

  test("a peer that takes nothing meets the write timeout", async () => {
    nothingEscapes();
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      await connection.write(SWITCHED);
      connection.socket.pause();
      await new Promise(resolve => connection.socket.once("close", resolve));
    });
    const client = new Client();
    const socket = await client.upgrade(server.url, { ...ECHO, timeout: { write: 200 } });
    const writer = socket.writable.getWriter();
    const flood = async () => {
      for (;;) await writer.write(new Uint8Array(1_000_000));
    };
    await expect(flood()).rejects.toMatchObject({ code: "WRITE_TIMEOUT" });
    await client.close();
  });

  test("a peer that never ends its side, after ours has ended, meets the read timeout", async () => {
    nothingEscapes();
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      await connection.write(SWITCHED);
      await new Promise(resolve => connection.socket.once("close", resolve));
    });
    const client = new Client();
    const socket = await client.upgrade(server.url, { ...ECHO, timeout: { read: 200 } });
    await socket.writable.close();
    await expect(readAll(socket)).rejects.toMatchObject({ code: "READ_TIMEOUT" });
    await client.close();
  });
});

describe("a server that does not switch", () => {
  test("is a refused status, with what it says", async () => {
    await using server = await listening(webSocketServer());
    const client = new Client();
    const plain = await client.get(`${server.url}/`);
    expect(plain.status).toBe(426);
    await using origin = await originServer();
    const error = await client.upgrade(`${origin.url}/ok`, ECHO).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "HTTP_STATUS",
      status: 200,
      message: expect.stringMatching(/^GET http.*\/ok: answered 200 OK.*; it did not switch to echo$/),
    });
    expect((error as { response: { text(): string } }).response.text()).toBe("ok");
    await client.close();
  });

  test.each([
    ["another protocol", SWITCHED.replace("echo", "gopher"), "INVALID_RESPONSE"],
    ["no protocol at all", SWITCHED.replace("Upgrade: echo\r\n", ""), "INVALID_RESPONSE"],
    ["in HTTP/1.0", SWITCHED.replace("1.1", "1.0"), "INVALID_RESPONSE"],
  ])("or switches to %s, is refused, and its connection closed", async (_, answer, code) => {
    nothingEscapes();
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      connection.socket.once("end", () => connection.end());
      await connection.write(answer);
      await new Promise(resolve => connection.socket.once("close", resolve));
    });
    const client = new Client({ retry: false });
    await expect(client.upgrade(server.url, ECHO)).rejects.toMatchObject({ code });
    await expect.poll(() => server.openConnections).toBe(0);
    await client.close();
  });

  test("a 101 that nobody asked for stays an error", async () => {
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      await connection.write(SWITCHED);
    });
    const client = new Client({ retry: false });
    const calls = [client.get(server.url, { headers: { upgrade: "echo" } }), client.stream(server.url)];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: "INVALID_RESPONSE" });
    client.destroy();
  });
});

/** A proxy that knows CONNECT and nothing else. */
function connectProxy(seen: Record<string, unknown>[]): Server {
  const proxy = createServer((_, response) => response.writeHead(405).end());
  proxy.on("connect", (request, socket: Socket, head) => {
    seen.push({ target: request.url, ...request.headers });
    if (request.url?.startsWith("forbidden")) {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
      return;
    }
    const [host, port] = request.url!.split(":");
    const far = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      far.write(head);
      far.pipe(socket).pipe(far);
    });
    for (const end of [far, socket]) end.on("error", () => [far, socket].map(each => each.destroy()));
  });
  return proxy;
}

describe("client.tunnel", () => {
  test("leads through a proxy to any port, and carries what it likes", async () => {
    nothingEscapes();
    const seen: Record<string, unknown>[] = [];
    await using proxy = await listening(connectProxy(seen));
    await using origin = await originServer();
    const { host } = new URL(origin.url);
    const client = new Client({ headers: { authorization: "Bearer secret" }, cookies: { a: "1" } });
    const url = proxy.url.replace("//", "//user:pass@");
    const tunnel = await client.tunnel(url, host, { headers: { "x-trace": "7" } });
    expect(tunnel.status).toBe(200);
    await writeText(tunnel, `GET /ok HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(await readAll(tunnel)).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*ok$/);
    expect(seen).toEqual([
      {
        target: host,
        host,
        "user-agent": expect.stringMatching(/^skein\//),
        "proxy-authorization": `Basic ${btoa("user:pass")}`,
        "x-trace": "7",
      },
    ]);
    await client.close();
  });

  test("a proxy that refuses is a refused status, told without the credentials", async () => {
    await using proxy = await listening(connectProxy([]));
    const client = new Client();
    const url = proxy.url.replace("//", "//user:pass@");
    const error = await client.tunnel(url, "forbidden.test:443").catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "HTTP_STATUS", status: 403 });
    expect((error as Error).message).toMatch(/403 Forbidden.*opened no tunnel to forbidden\.test:443/);
    expect(JSON.stringify(error) + (error as Error).stack).not.toMatch(/user|dXNlcjpwYXNz/);
    await client.close();
  });

  test.each([
    "example.com",
    "example.com:0",
    "example.com:70000",
    "a/b:80",
    "a b:80",
    "u@h:80",
    ":80",
    "h:80\r\nx: y",
  ])("%j is no place to tunnel to", async authority => {
    const client = new Client();
    const call = client.tunnel("http://127.0.0.1:9", authority);
    await expect(call).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });

  test("CONNECT by hand is a request like others: its 2xx has no body, and its connection is not used again", async () => {
    await using proxy = await scriptedServer(async (connection: ScriptedConnection) => {
      await connection.readHead();
      await connection.write("HTTP/1.1 200 OK\r\n\r\n");
    });
    const client = new Client();
    expect((await client.request("CONNECT", proxy.url)).bytes()).toHaveLength(0);
    await expect.poll(() => proxy.openConnections).toBe(0);
  });
});

test("what carries no connections refuses by name", async () => {
  const client = new Client({ transport: fetchTransport() });
  await expect(client.upgrade("http://a.test", ECHO)).rejects.toThrow(/^upgrade: this client's transport/);
  await expect(client.tunnel("http://a.test", "b.test:1")).rejects.toThrow(
    /^tunnel: this client's transport/,
  );
});

test.each<[object, RegExp]>([
  [{}, /protocol: expected a name such as "websocket"/],
  [{ protocol: "a b" }, /protocol: expected/],
  [{ protocol: "a\r\nx: y" }, /protocol: expected/],
  [{ ...ECHO, content: "x" }, /content: upgrade has no such option/],
  [{ ...ECHO, onDownloadProgress: () => {} }, /onDownloadProgress: upgrade has no such option/],
  [{ ...ECHO, hedders: {} }, /did you mean "headers"/],
])("the options %j are refused", async (options, message) => {
  const call = new Client().upgrade("http://127.0.0.1:9", options as UpgradeOptions);
  await expect(call).rejects.toThrow(message);
});
