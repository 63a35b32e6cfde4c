import {
  describe,
  expect,
  originServer,
  type ScriptedConnection,
  scriptedServer,
  test,
} from "@skein/testkit";
import { Client, type ClientOptions, SkeinError } from "../src/entry/node.ts";

/** One call without retries against a server that treats each connection by `script`. */
async function failing(
  script: (connection: ScriptedConnection) => void | Promise<void>,
  options: ClientOptions = {},
): Promise<SkeinError & { took: number }> {
  await using server = await scriptedServer(script);
  const client = new Client({ retry: false, timeout: "5s", ...options });
  const started = performance.now();
  try {
    const response = await client.get(server.url);
    throw new Error(`expected an error, got ${response}: ${response.text()}`);
  } catch (error) {
    expect(error).toBeInstanceOf(SkeinError);
    await expect.poll(() => server.openConnections, { timeout: 2_000 }).toBe(0);
    return Object.assign(error as SkeinError, { took: performance.now() - started });
  } finally {
    client.destroy();
  }
}

const answer = (text: string) => async (connection: ScriptedConnection) => {
  await connection.readHead();
  await connection.write(text);
};

describe("a server that", () => {
  test.each<[string, string, string]>([
    ["answers with garbage", "SSH-2.0-OpenSSH_9.2\r\n", "INVALID_RESPONSE"],
    [
      "contradicts itself on the length",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
      "INVALID_RESPONSE",
    ],
    [
      "gives a length and chunks",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "INVALID_RESPONSE",
    ],
    [
      "breaks the framing of chunks",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxx\r\n",
      "INVALID_RESPONSE",
    ],
    [
      "switches protocols unasked",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
      "INVALID_RESPONSE",
    ],
    [
      "sends an endless head",
      `HTTP/1.1 200 OK\r\n${"x-y: zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\r\n".repeat(3_000)}`,
      "RESPONSE_TOO_LARGE",
    ],
  ])("%s: the call fails, the connection is closed", async (_, text, code) => {
    const error = await failing(answer(text));
    expect(error).toMatchObject({ code, requestSent: "full" });
  });

  test("closes without an answer", async () => {
    const error = await failing(async connection => {
      await connection.readHead();
      connection.end();
    });
    expect(error).toMatchObject({ code: "CONNECTION_CLOSED", phase: "headers", requestSent: "full" });
    expect(error.message).toMatch(/GET http:.*: the server closed the connection without an answer/);
  });

  test("resets before an answer", async () => {
    const error = await failing(async connection => {
      await connection.readHead();
      connection.reset();
    });
    expect(error).toMatchObject({ code: "CONNECTION_RESET", phase: "headers" });
  });

  test.each(["close", "reset"] as const)("cuts the body by %s", async how => {
    const error = await failing(async connection => {
      await connection.readHead();
      await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
      await new Promise(resolve => setTimeout(resolve, 30));
      if (how === "close") connection.end();
      else connection.reset();
    });
    expect(error).toMatchObject({ code: how === "close" ? "BODY_CUT" : "CONNECTION_RESET", phase: "body" });
  });

  test("never answers: the read timeout ends it", async () => {
    const error = await failing(connection => void connection.readHead().catch(() => undefined), {
      timeout: { read: 150 },
    });
    expect(error).toMatchObject({ code: "READ_TIMEOUT", phase: "headers" });
    expect(error.took).toBeLessThan(2_000);
  });

  test("drips its body for ever: the total timeout ends it", async () => {
    const drip = async (connection: ScriptedConnection) => {
      await connection.readHead();
      await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
      for (let i = 0; i < 200; i++) {
        await connection.write("x");
        await new Promise(resolve => setTimeout(resolve, 20));
      }
    };
    const error = await failing(drip, { timeout: { total: 300, read: 1_000 } });
    expect(error).toMatchObject({ code: "TOTAL_TIMEOUT", phase: "body" });
    expect(error.message).toContain("not finished within 300 ms");
    expect(error.took).toBeLessThan(2_000);
  });

  test("sends its head too late: the headers timeout ends it", async () => {
    const error = await failing(
      async connection => {
        await connection.readHead();
        for (let i = 0; i < 100; i++) {
          await connection.write(i === 0 ? "HTTP/1.1 200 OK\r\n" : `x-${i}: y\r\n`);
          await new Promise(resolve => setTimeout(resolve, 20));
        }
      },
      { timeout: { headers: 200, read: 1_000 } },
    );
    expect(error).toMatchObject({ code: "HEADERS_TIMEOUT", phase: "headers" });
  });

  test("announces more than we take: refused at once, not downloaded", async () => {
    const error = await failing(answer("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"), {
      limits: { maxResponseBytes: 1_000 },
    });
    expect(error).toMatchObject({ code: "RESPONSE_TOO_LARGE" });
    expect(error.message).toContain("the body is larger than 1000 bytes");
  });

  test("sends more than we take, in chunks", async () => {
    const chunks = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${`3e8\r\n${"x".repeat(1_000)}\r\n`.repeat(20)}`;
    const error = await failing(answer(chunks), { limits: { maxResponseBytes: 10_000 } });
    expect(error).toMatchObject({ code: "RESPONSE_TOO_LARGE" });
  });

  test("does not read what we send: the write timeout ends it", async () => {
    await using server = await scriptedServer(async connection => {
      connection.socket.pause();
      await new Promise(resolve => setTimeout(resolve, 3_000).unref());
    });
    const client = new Client({ retry: false, timeout: { write: 200 } });
    await expect(client.post(server.url, { content: new Uint8Array(50_000_000) })).rejects.toMatchObject({
      code: "WRITE_TIMEOUT",
      phase: "send",
      requestSent: "partial",
    });
    client.destroy();
  });

  test("answers before it has read the request is heard", async () => {
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      await connection.write(
        "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
      );
    });
    const client = new Client({ retry: false, timeout: "5s" });
    async function* endless() {
      for (let i = 0; i < 10_000; i++) {
        yield new Uint8Array(1_000);
        await new Promise(resolve => setTimeout(resolve, 1));
      }
    }
    const response = await client.post(server.url, { content: endless() });
    expect([response.status, response.text()]).toEqual([413, "no"]);
    client.destroy();
  });
});

describe("a body to send that", () => {
  test("fails in the middle fails the call, with its own error as the cause", async () => {
    await using origin = await originServer();
    const client = new Client({ timeout: "5s" });
    const broken = new Error("disk on fire");
    async function* content() {
      yield "first";
      throw broken;
    }
    await expect(client.post(`${origin.url}/echo`, { content: content() })).rejects.toMatchObject({
      code: "WRITE_FAILED",
      cause: broken,
    });
    expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
    client.destroy();
  });
});

describe("a failure that may pass is tried again:", () => {
  const client = new Client({ timeout: "10s" });

  test("503 twice, then 200", async () => {
    await using origin = await originServer();
    const response = await client.get(`${origin.url}/flaky/a/2`);
    expect(response.status).toBe(200);
    expect(origin.requestCount).toBe(3);
  });

  test("a body that is cut the first time", async () => {
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
      if (connection.number === 1) connection.reset();
      else await connection.write("k");
    });
    expect(await client.get(server.url).text()).toBe("ok");
    expect(server.connections).toBe(2);
  });

  test("never a POST that may have been carried out", async () => {
    await using origin = await originServer();
    const response = await client.post(`${origin.url}/flaky/b/1`, { json: {} });
    expect(response.status).toBe(503);
    expect(origin.requestCount).toBe(1);
  });

  test("no longer than the call may take, and it says so", async () => {
    await using origin = await originServer({
      routes: {
        busy: ({ response }) => {
          response.writeHead(503, { "retry-after": "60" }).end();
        },
      },
    });
    const started = performance.now();
    const response = await client.get(`${origin.url}/busy`, { timeout: "2s" });
    expect(response.status).toBe(503);
    expect(performance.now() - started).toBeLessThan(1_500);
    expect(() => response.raiseForStatus()).toThrow(/the server asks to wait 1 min/);
  });
});
