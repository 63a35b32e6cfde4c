import { connect } from "node:net";
import {
  describe,
  expect,
  onTestFinished,
  type ScriptedConnection,
  type ServerScript,
  scriptedServer,
  test,
  testCertificates,
  tlsOriginServer,
} from "@skein/testkit";
import { Client, type ClientOptions, isProxyError, type SkeinError } from "../../src/entry/node.ts";

const { ca } = testCertificates();

function clientWith(options: ClientOptions): Client {
  const client = new Client({ retry: false, timeout: "10s", tls: { ca }, ...options });
  onTestFinished(() => client.destroy());
  return client;
}

async function scripted(script: ServerScript) {
  const server = await scriptedServer(script);
  onTestFinished(() => server.close());
  return server;
}

async function failureOf(call: Promise<unknown>): Promise<SkeinError> {
  return call.then(
    () => expect.unreachable("it should have failed"),
    (error: SkeinError) => error,
  );
}

/** What an HTTP proxy answers to CONNECT, and what comes of it. */
const ANSWERS: Readonly<
  Record<string, [answer: string, error: Partial<SkeinError> & { status?: number }, message: RegExp]>
> = {
  "407": [
    'HTTP/1.1 407 Auth\r\nProxy-Authenticate: Negotiate, Basic realm="x"\r\nContent-Length: 4\r\n\r\nwho?',
    { code: "PROXY_REFUSED", status: 407, retryable: false },
    /it answered 407 Auth; it asks for Negotiate credentials/,
  ],
  "403": [
    "HTTP/1.1 403 Forbidden\r\n\r\n",
    { code: "PROXY_REFUSED", status: 403, retryable: false },
    /403 Forbidden/,
  ],
  "302": [
    "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n",
    { code: "PROXY_REFUSED", status: 302, retryable: false },
    /302/,
  ],
  "502": [
    "HTTP/1.1 502 Bad Gateway\r\n\r\n",
    { code: "PROXY_FAILED", status: 502, retryable: true },
    /502 Bad Gateway/,
  ],
  "503": ["HTTP/1.1 503\r\n\r\n", { code: "PROXY_FAILED", status: 503, retryable: true }, /it answered 503/],
  "504, and half a body": [
    "HTTP/1.0 504 Late\r\nContent-Length: 100\r\n\r\nhalf",
    { code: "PROXY_FAILED", status: 504, retryable: true },
    /504 Late/,
  ],
  "a head without an end": [
    `HTTP/1.1 200 OK\r\nX: ${"x".repeat(200_000)}`,
    { code: "PROXY_REFUSED", retryable: false },
    /its answer can't be used/,
  ],
  "fields without an end": [
    `HTTP/1.1 200 OK\r\n${"A: b\r\n".repeat(1_000)}\r\n`,
    { code: "PROXY_REFUSED", retryable: false },
    /its answer can't be used/,
  ],
  "1xx without an end": [
    "HTTP/1.1 100 Continue\r\n\r\n".repeat(100),
    { code: "PROXY_REFUSED", retryable: false },
    /its answer can't be used: more than 20 interim answers/,
  ],
  "something else than HTTP": [
    "SSH-2.0-OpenSSH_9.6\r\n\r\n",
    { code: "PROXY_REFUSED" },
    /its answer can't be used/,
  ],
  "a greeting that is SOCKS": ["\x05\x00\r\n\r\n", { code: "PROXY_REFUSED" }, /its answer can't be used/],
};

describe("a proxy that answers CONNECT with", () => {
  test.each(Object.entries(ANSWERS))("%s", async (_, [answer, expected, message]) => {
    const proxy = await scripted(async connection => {
      const head = await connection.readHead();
      expect(head).toBe("CONNECT example.test:443 HTTP/1.1\r\nHost: example.test:443\r\n\r\n");
      await connection.write(answer).catch(() => undefined);
    });
    const error = await failureOf(clientWith({ proxy: proxy.url }).get("https://example.test/"));
    expect(error).toMatchObject({ name: "ProxyError", phase: "proxy", requestSent: "none", ...expected });
    expect(isProxyError(error)).toBe(true);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`the proxy ${proxy.url}, asked for example.test:443: `);
  });

  test.each<[string, (connection: ScriptedConnection) => unknown]>([
    ["a reset", connection => connection.reset()],
    ["its end", connection => connection.end()],
    ["half a head", connection => connection.write("HTTP/1.1 2").then(() => connection.end())],
  ])("%s, may do so another time", async (_, answer) => {
    const proxy = await scripted(async connection => {
      await connection.readHead();
      await answer(connection);
    });
    const client = clientWith({ proxy: proxy.url, retry: 2 });
    const error = await failureOf(client.get("https://example.test/"));
    expect(error).toMatchObject({ code: "PROXY_FAILED", retryable: true, requestSent: "none" });
    expect(error.attempts).toHaveLength(2);
    await expect.poll(() => proxy.openConnections).toBe(0);
  });

  test("silence is ended by the connect timeout, and leaves nothing open", async () => {
    const proxy = await scripted(async connection => void (await connection.readHead()));
    for (const url of [proxy.url, `socks5h://127.0.0.1:${proxy.port}`]) {
      const client = clientWith({ proxy: url, timeout: { connect: "150ms" } });
      await expect(client.get("https://example.test/")).rejects.toMatchObject({ code: "CONNECT_TIMEOUT" });
    }
    await expect.poll(() => proxy.openConnections).toBe(0);
  });

  test("a refusal to a call that is cancelled at that moment", async () => {
    const proxy = await scripted(async connection => {
      await connection.readHead();
      call.cancel("no more");
      await connection.write("HTTP/1.1 403 No\r\n\r\n").catch(() => undefined);
    });
    const call = clientWith({ proxy: proxy.url }).get("https://example.test/");
    await expect(call).rejects.toMatchObject({ code: "ABORTED" });
    await expect.poll(() => proxy.openConnections).toBe(0);
  });
});

/** Leads the connection on to a server, as a tunnel does. */
function leadOn({ socket }: ScriptedConnection, port: number): void {
  const server = connect(port, "127.0.0.1");
  server.on("error", () => socket.destroy());
  socket.on("error", () => server.destroy());
  socket.pipe(server).pipe(socket);
}

describe("a proxy whose 200 is", () => {
  test.each([
    ["one that announces a body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"],
    ["one that announces chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["HTTP/1.0, without a phrase", "HTTP/1.0 200\r\n\r\n"],
    [
      "behind interim answers",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
    ["any 2xx", "HTTP/1.1 299 Whatever\r\nConnection: close\r\n\r\n"],
  ])("%s", async (_, answer) => {
    await using origin = await tlsOriginServer();
    const proxy = await scripted(async connection => {
      await connection.readHead();
      for (const byte of answer) await connection.write(byte);
      leadOn(connection, origin.port);
    });
    const client = clientWith({ proxy: proxy.url });
    expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
    expect((await client.get(`${origin.url}/bytes/100000`)).bytes()).toHaveLength(100_000);
    expect(proxy.connections).toBe(1);
  });

  test("followed by bytes: they are the server's, and no TLS", async () => {
    const proxy = await scripted(async connection => {
      await connection.readHead();
      await connection.write("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    await expect(clientWith({ proxy: proxy.url }).get("https://example.test/")).rejects.toMatchObject({
      code: "TLS_FAILED",
    });
  });
});

const bytes = (...list: number[]) => Uint8Array.from(list);

/** What a SOCKS proxy answers, greeting and request apart, and what comes of it. */
const SOCKS_ANSWERS: Readonly<Record<string, [Uint8Array[], Partial<SkeinError>, RegExp]>> = {
  ...Object.fromEntries(
    [
      "general failure",
      "not allowed by its rules",
      "network unreachable",
      "host unreachable",
      "connection refused",
      "TTL expired",
      "command not supported",
      "address type not supported",
    ].map((meaning, i) => {
      const final = [2, 7, 8].includes(i + 1);
      const error = { code: final ? "PROXY_REFUSED" : "PROXY_FAILED", retryable: !final } as const;
      const reply = bytes(5, i + 1, 0, 1, 0, 0, 0, 0, 0, 0);
      return [
        `reply ${i + 1}`,
        [[bytes(5, 0), reply], error, new RegExp(`reply ${i + 1}, ${meaning}`)],
      ] as const;
    }),
  ),
  "reply 1, and no address": [[bytes(5, 0), bytes(5, 1)], { code: "PROXY_FAILED" }, /reply 1/],
  "reply 9": [
    [bytes(5, 0), bytes(5, 9, 0, 1, 0, 0, 0, 0, 0, 0)],
    { code: "PROXY_REFUSED" },
    /reply 9, unknown/,
  ],
  "no method that we know": [[bytes(5, 255)], { code: "PROXY_REFUSED" }, /it asks for credentials/],
  "a method that was not offered": [
    [bytes(5, 2)],
    { code: "PROXY_REFUSED" },
    /chose method 2, which was not offered/,
  ],
  "SOCKS 4": [[bytes(0, 90)], { code: "PROXY_REFUSED" }, /begins with 0, not with 5/],
  "SOCKS 4 in its reply": [
    [bytes(5, 0), bytes(4, 0, 0, 1)],
    { code: "PROXY_REFUSED" },
    /begins with 4, not with 5/,
  ],
  "an address of no type": [
    [bytes(5, 0), bytes(5, 0, 0, 9, 1, 1, 1)],
    { code: "PROXY_REFUSED" },
    /address of type 9/,
  ],
  "more than it was asked": [
    [bytes(5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0)],
    { code: "PROXY_REFUSED" },
    /more than it was asked/,
  ],
  HTTP: [
    [new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n")],
    { code: "PROXY_REFUSED" },
    /begins with 72/,
  ],
};

async function socksAnswering(
  answers: readonly Uint8Array[],
  then?: (connection: ScriptedConnection) => unknown,
) {
  return scripted(async connection => {
    for (const [index, answer] of answers.entries()) {
      // A greeting of 3 bytes; a request for "example.test:80", or for 127.0.0.1.
      await connection.readBytes(index === 0 ? 3 : 4 + 1 + "example.test".length + 2);
      for (const byte of answer) await connection.write(Uint8Array.of(byte)).catch(() => undefined);
    }
    await then?.(connection);
  });
}

describe("a SOCKS proxy that answers, a byte at a time, with", () => {
  test.each(Object.entries(SOCKS_ANSWERS))("%s", async (_, [answers, expected, message]) => {
    const proxy = await socksAnswering(answers);
    const url = `socks5h://127.0.0.1:${proxy.port}`;
    const error = await failureOf(clientWith({ proxy: url }).get("http://example.test/"));
    expect(error).toMatchObject({ name: "ProxyError", phase: "proxy", requestSent: "none", ...expected });
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`the proxy ${url}, asked for example.test:80: `);
    await expect.poll(() => proxy.openConnections).toBe(0);
  });

  test.each([
    ["nothing", []],
    ["half of its choice", [bytes(5)]],
    ["half of its reply", [bytes(5, 0), bytes(5, 0, 0, 1, 127)]],
  ])("%s, and its end", async (_, answers) => {
    const proxy = await socksAnswering(answers, connection => connection.end());
    const error = await failureOf(
      clientWith({ proxy: `socks5h://127.0.0.1:${proxy.port}` }).get("http://example.test/"),
    );
    expect(error).toMatchObject({ code: "PROXY_FAILED", retryable: true });
    expect(error.message).toMatch(/closed the connection/);
  });

  test.each([
    ["an IPv4 address", [5, 0, 0, 1, 1, 2, 3, 4, 0, 80]],
    ["a name", [5, 0, 0, 3, 4, 97, 46, 98, 99, 0, 80]],
    ["an IPv6 address", [5, 0, 0, 4, ...Array.from({ length: 16 }, () => 7), 0, 80]],
  ])("success at %s: what follows is the server's, to the byte", async (_, reply) => {
    const answer = new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly");
    const proxy = await socksAnswering([bytes(5, 0), Uint8Array.of(...reply, ...answer)]);
    const client = clientWith({ proxy: `socks5h://127.0.0.1:${proxy.port}` });
    expect(await client.get("http://example.test/").text()).toBe("early");
  });
});

test("a name that SOCKS has no room for is not told in part", async () => {
  const proxy = await socksAnswering([bytes(5, 0)]);
  const name = `${"a.".repeat(150)}test`;
  const error = await failureOf(
    clientWith({ proxy: `socks5h://127.0.0.1:${proxy.port}` }).get(`http://${name}/`),
  );
  expect(error).toMatchObject({ code: "PROXY_REFUSED" });
  expect(error.message).toContain("304 bytes");
});
