import { execFile } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { promisify } from "node:util";
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  type OriginServer,
  onTestFinished,
  originServer,
  scriptedServer,
  test,
  testCertificates,
  tlsOriginServer,
} from "@skein/testkit";
import { Client, type ClientOptions, isSkeinError, type Logger, type TraceEvent } from "../src/entry/node.ts";

let origin: OriginServer;
beforeAll(async () => {
  origin = await originServer();
});
afterAll(() => origin.close());

function clientWith(options: ClientOptions = {}): Client {
  const client = new Client({ timeout: "10s", ...options });
  onTestFinished(() => client.destroy());
  return client;
}

/** A URL that has to be resolved. */
const named = (path: string) => `${origin.url.replace("127.0.0.1", "localhost")}${path}`;
const failureOf = async (call: Promise<unknown>) => {
  const error = await call.then(
    () => undefined,
    thrown => thrown,
  );
  if (!isSkeinError(error)) throw new Error("the call should have failed");
  return error;
};

describe("timings", () => {
  test("of a new connection, and of a kept one, which skips dns, connect and tls", async () => {
    const client = clientWith();
    const first = await client.get(named("/delay/40"));
    expect(first.timings).toEqual({
      queue: expect.any(Number),
      dns: expect.any(Number),
      connect: expect.any(Number),
      tls: undefined,
      send: expect.any(Number),
      wait: expect.any(Number),
      receive: expect.any(Number),
    });
    expect(first.timings.wait).toBeGreaterThan(35);
    const sum = Object.values(first.timings).reduce((total: number, ms) => total + (ms ?? 0), 0);
    expect(sum).toBeLessThanOrEqual(first.elapsed + 1);
    expect(sum).toBeGreaterThan(first.elapsed * 0.5);
    const second = await client.get(named("/ok"));
    expect(second.reused).toBe(true);
    expect([second.timings.dns, second.timings.connect, second.timings.tls]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(second.timings.wait).toBeGreaterThan(0);
  });

  test("an address has no dns; https has tls", async () => {
    await using secure = await tlsOriginServer();
    const { timings } = await clientWith({ tls: { ca: testCertificates().ca } }).get(`${secure.url}/ok`);
    expect(timings.dns).toBeUndefined();
    expect(timings.connect).toBeGreaterThanOrEqual(0);
    expect(timings.tls).toBeGreaterThan(0);
  });

  test("the wait for a connection is in queue; a stream has receive once it has ended", async () => {
    const client = clientWith({ limits: { maxConnectionsPerOrigin: 1 } });
    const [, second] = await Promise.all([
      client.get(`${origin.url}/delay/60`),
      client.get(`${origin.url}/ok`),
    ]);
    expect(second.timings.queue).toBeGreaterThan(50);
    expect(second.timings.connect).toBeUndefined();
  });

  test("of a failure: the phase that failed has its time, those after it none", async () => {
    const client = clientWith({ retry: false });
    const late = await failureOf(client.get(`${origin.url}/delay/5000`, { timeout: { headers: 120 } }));
    expect(late.code).toBe("HEADERS_TIMEOUT");
    expect(late.toJSON().timings).toEqual(late.timings);
    expect(late.timings?.send).toBeGreaterThanOrEqual(0);
    expect(late.timings?.wait).toBeGreaterThan(100);
    expect(late.timings?.receive).toBeUndefined();
    const refused = await failureOf(client.get("http://127.0.0.1:1/"));
    expect(refused.code).toBe("CONNECTION_REFUSED");
    expect(refused.timings?.connect).toBeGreaterThanOrEqual(0);
    expect(refused.timings?.send).toBeUndefined();
    expect((await failureOf(client.get("nonsense"))).timings).toBeUndefined();
  });
});

describe("trace", () => {
  test("tells each step of a request on a new connection, and of one on a kept one", async () => {
    const events: TraceEvent[] = [];
    const client = clientWith({ trace: event => events.push(event) });
    await client.post(named("/echo?access_token=s3cret"), {
      content: "hello",
      headers: { authorization: "Bearer s3cret" },
    });
    expect(events.map(({ name }) => name)).toEqual([
      "pool.wait.started",
      "connection.resolve_name.started",
      "connection.resolve_name.complete",
      "connection.connect_tcp.started",
      "connection.connect_tcp.complete",
      "pool.wait.complete",
      "http11.send_request_headers.started",
      "http11.send_request_headers.complete",
      "http11.send_request_body.started",
      "http11.send_request_body.complete",
      "http11.receive_response_headers.started",
      "http11.receive_response_headers.complete",
      "http11.receive_response_body.started",
      "http11.receive_response_body.complete",
    ]);
    expect(JSON.stringify(events)).not.toContain("s3cret");
    expect(events.every(({ time }, i) => i === 0 || time >= events[i - 1]!.time)).toBe(true);
    const own: TraceEvent[] = [];
    await client.get(named("/ok"), { trace: event => own.push(event) });
    expect(own.map(({ name }) => name).slice(0, 3)).toEqual([
      "connection.reuse",
      "http11.send_request_headers.started",
      "http11.send_request_headers.complete",
    ]);
    expect(own[0]?.info).toMatchObject({ requests: 1 });
    const before = events.length;
    await client.get(named("/ok"), { trace: false });
    expect(events.length).toBe(before);
  });

  test("tells what failed", async () => {
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
      connection.end();
    });
    const client = clientWith({ retry: false });
    const cut: TraceEvent[] = [];
    await failureOf(client.get(server.url, { trace: event => cut.push(event) }));
    expect(cut.at(-1)).toMatchObject({
      name: "http11.receive_response_body.failed",
      info: { error: expect.any(String) },
    });
    const events: TraceEvent[] = [];
    await failureOf(client.get("http://127.0.0.1:1/", { trace: event => events.push(event) }));
    expect(events.map(({ name }) => name)).toEqual([
      "pool.wait.started",
      "connection.connect_tcp.started",
      "connection.connect_tcp.failed",
      "pool.wait.failed",
    ]);
  });

  test("a function that throws fails its call, and nothing else", async () => {
    const client = clientWith();
    const trace = () => {
      throw new Error("boom");
    };
    const error = await failureOf(client.get(`${origin.url}/ok`, { trace }));
    expect(error.code).toBe("HANDLER_FAILED");
    expect(error.message).toContain("trace threw: boom");
    expect(await client.get(`${origin.url}/ok`).text()).toBe("ok");
  });

  test("is refused when it is no function", async () => {
    expect(() => new Client({ trace: "debug" as never })).toThrow(/trace: expected a function/);
  });
});

describe("logger", () => {
  const recording = () => {
    const lines: { level: string; data: unknown[] }[] = [];
    const write =
      (level: string) =>
      (...data: unknown[]) =>
        void lines.push({ level, data });
    return { lines, debug: write("debug"), info: write("info"), error: write("error") };
  };

  test("one line a request at info, without its secrets", async () => {
    const { lines, info, error } = recording();
    const client = clientWith({ logger: { info, error }, retry: false });
    await client.get(`${origin.url}/redirect/302?to=/ok&token=s3cret`, { headers: { cookie: "sid=s3cret" } });
    await failureOf(client.get("http://127.0.0.1:1/?api_key=s3cret"));
    expect(lines.map(({ level }) => level)).toEqual(["info", "error"]);
    expect(lines[0]?.data[0]).toMatch(
      /^GET http:\S+\/redirect\/302\?to=\/ok&token=\*\*\* 200 \(from http:\S+\), \d+ bytes, [\d.]+ ms, 1 attempt, (new|reused) connection$/,
    );
    expect(lines[1]?.data[0]).toMatch(/^GET http:\S+api_key=\*\*\*: connection refused .*CONNECTION_REFUSED/);
    expect(JSON.stringify(lines)).not.toContain("s3cret");
  });

  test("pino gets fields; the wire is told at debug", async () => {
    const { lines, debug, info } = recording();
    const pino: Logger = { debug, info, bindings: () => ({}), isLevelEnabled: () => true };
    await clientWith({ logger: pino }).get(`${origin.url}/ok`, {
      headers: { authorization: "Basic s3cret" },
    });
    expect(lines.at(-1)).toMatchObject({
      level: "info",
      data: [
        { method: "GET", status: 200, bytes: 2, attempts: 1, reused: false },
        expect.stringContaining("GET http"),
      ],
    });
    const wire = lines.filter(({ level }) => level === "debug").map(({ data }) => data[1]);
    expect(wire).toContainEqual(
      expect.stringMatching(/^http11\.send_request_headers\.started method=GET .*Basic \*\*\*/),
    );
    expect(JSON.stringify(lines)).not.toContain("s3cret");
  });

  test("a level that is off costs no wire detail; false turns logging off; nonsense is refused", async () => {
    const { lines, debug, info } = recording();
    const client = clientWith({ logger: { debug, info, isLevelEnabled: level => level === "info" } });
    await client.get(`${origin.url}/ok`);
    expect(lines.map(({ level }) => level)).toEqual(["info"]);
    await client.extend({ logger: false }).get(`${origin.url}/ok`);
    expect(lines).toHaveLength(1);
    expect(() => new Client({ logger: {} })).toThrow(/logger: expected an object/);
  });

  test("a stream's line comes when its body has ended, or failed", async () => {
    const { lines, info } = recording();
    const stream = await clientWith({ logger: { info } }).stream(`${origin.url}/slow-body?bytes=10&ms=20`);
    expect(lines).toHaveLength(0);
    for await (const _chunk of stream.chunks());
    expect(lines[0]?.data[0]).toMatch(/ 200, 10 bytes,/);
  });

  test("SKEIN_LOG logs to stderr, in a program that knows nothing of it", async () => {
    const program = `import { Client } from "${new URL("../src/entry/node.ts", import.meta.url)}";
      const client = new Client();
      await client.get(process.argv[1] + "/ok?token=s3cret", { headers: { authorization: "Bearer s3cret" } });
      await client.close();`;
    const run = async (level: string | undefined) =>
      (
        await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program, origin.url], {
          env: { ...process.env, SKEIN_LOG: level },
        })
      ).stderr;
    const [info, debug, none, wrong] = await Promise.all(["info", "debug", undefined, "loud"].map(run));
    expect(info?.trim().split("\n")).toHaveLength(1);
    expect(info).toMatch(/ skein info GET http:\S+token=\*\*\* 200, 2 bytes/);
    expect(debug).toMatch(/skein debug connection\.connect_tcp\.complete .*peer=127/);
    expect(`${info}${debug}`).not.toContain("s3cret");
    expect(none).toBe("");
    expect(wrong).toMatch(/SKEIN_LOG is "info" or "debug"; "loud" is neither/);
  });
});

describe("diagnostics_channel", () => {
  test("start, end and error, while anybody looks on", async () => {
    const seen: [string | symbol, Record<string, unknown>][] = [];
    const listen = (message: unknown, name: string | symbol) =>
      void seen.push([name, message as Record<string, unknown>]);
    const names = ["start", "end", "error"].map(moment => `skein:request:${moment}`);
    const client = clientWith({ retry: false });
    await client.get(`${origin.url}/ok`);
    for (const name of names) subscribe(name, listen);
    onTestFinished(() => {
      for (const name of names) unsubscribe(name, listen);
    });
    await client.get(`${origin.url}/ok?token=s3cret`, { headers: { authorization: "s3cret" } });
    await failureOf(client.get("http://127.0.0.1:1/"));
    expect(seen.map(([name]) => name)).toEqual([names[0], names[1], names[0], names[2]]);
    expect(seen[1]?.[1]).toMatchObject({
      method: "GET",
      status: 200,
      bytes: 2,
      attempts: 1,
      id: seen[0]?.[1].id,
    });
    expect(seen[1]?.[1].response).toMatchObject({ status: 200 });
    expect(seen[3]?.[1].error).toMatchObject({ code: "CONNECTION_REFUSED" });
    expect(JSON.stringify(seen)).not.toContain("s3cret");
  });
});
