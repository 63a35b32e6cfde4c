import { execFile } from "node:child_process";
import { promisify } from "node:util";
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  type OriginServer,
  onTestFinished,
  originServer,
  test,
} from "@skein/testkit";
import {
  Client,
  type ClientOptions,
  type Har,
  type HarOptions,
  harRecorder,
  type RequestOptions,
  toCurl,
} from "../src/entry/node.ts";

const run = promisify(execFile);

let origin: OriginServer;
/** Bodies as they were received, newest last. */
const received: string[] = [];
beforeAll(async () => {
  origin = await originServer({
    routes: {
      take: async ({ request, response }) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of request) chunks.push(chunk);
        received.push(Buffer.concat(chunks).toString("latin1"));
        response.end();
      },
      cookie: ({ response }) => {
        response.setHeader("set-cookie", ["sid=s3cret; HttpOnly", "theme=dark"]);
        response.end("ok");
      },
    },
  });
});
afterAll(() => origin.close());

function clientWith(options: ClientOptions = {}): Client {
  const client = new Client({ timeout: "10s", ...options });
  onTestFinished(() => client.destroy());
  return client;
}

describe("toCurl", () => {
  const lastRequest = () => {
    const { method, target, headers } = origin.requests.at(-1)!;
    const fields = headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`).toSorted();
    return { method, target, fields, body: received.at(-1) };
  };

  test.each<[name: string, method: string, path: string, options: RequestOptions]>([
    ["a GET", "GET", "", { params: { a: "1 2", b: ["x", "y"] } }],
    ["a query that curl would expand", "GET", "?ids[]={1,2}&b=[1-3]", {}],
    ["a HEAD", "HEAD", "", {}],
    ["credentials", "GET", "?token=s3cret", { headers: { authorization: "Bearer s3cret", cookie: "a=b" } }],
    ["JSON with quotes and line breaks", "POST", "", { json: { text: 'it\'s "quoted"\n$HOME `id` \\ é' } }],
    ["a form", "POST", "", { form: { a: "b c", d: "&=" } }],
    ["text that looks like a file", "POST", "", { content: "@/etc/passwd" }],
    ["bytes", "PUT", "", { content: new Uint8Array([0, 255, 10, 13, 37, 92, 39, 128]) }],
    ["a large body", "POST", "", { content: "0123456789".repeat(9_000) }],
    ["no body where one is expected", "POST", "", {}],
    ["DELETE with a body", "DELETE", "", { json: [1] }],
    [
      "headers: latin1, empty, quoted, two of a name",
      "GET",
      "",
      { headers: { "x-a": "caf\xe9 'n' \\", "x-b": "", "x-c": ["1", "2"] } },
    ],
    [
      "without the default headers",
      "POST",
      "",
      { content: "x", headers: { accept: null, "user-agent": null, "accept-encoding": null } },
    ],
  ])("%s: curl sends the same", async (_name, method, path, options) => {
    const client = clientWith();
    const request = client.buildRequest(method, `${origin.url}/take${path}`, options);
    await client.send(request);
    const ours = lastRequest();
    const command = toCurl(request, { secrets: true });
    await run("bash", ["-c", `${command} --silent --show-error`]);
    expect(lastRequest(), command).toEqual(ours);
  });

  test("hides credentials, unless asked for them", () => {
    const request = clientWith().buildRequest("GET", "https://api.example.com/a?token=s3cret&page=2", {
      headers: { authorization: "Bearer s3cret", cookie: "sid=s3cret", "x-api-key": "s3cret" },
    });
    const shown = toCurl(request);
    expect(shown).not.toContain("s3cret");
    expect(shown).toMatch(/^curl 'https:\/\/api\.example\.com\/a\?token=\*\*\*&page=2' -H /);
    expect(shown).toContain("-H 'authorization: Bearer ***'");
    expect(toCurl(request, { secrets: true })).toContain("Bearer s3cret");
    expect(() => toCurl(request, { secret: true } as never)).toThrow(/did you mean "secrets"/);
  });

  test("a stream is read from stdin, and not used up", async () => {
    const client = clientWith();
    const chunks = async function* () {
      yield "abc";
    };
    const request = client.buildRequest("POST", `${origin.url}/take`, { content: chunks() });
    expect(toCurl(request)).toContain("--data-binary @-");
    await client.send(request);
    expect(received.at(-1)).toBe("abc");
  });
});

describe("harRecorder", () => {
  const recording = (options?: HarOptions, clientOptions?: ClientOptions) => {
    const har = harRecorder(options);
    return { har, client: clientWith(clientOptions).with(har.layer, { after: "retry" }) };
  };
  const saved = (har: object) => JSON.parse(JSON.stringify(har)) as Har;

  test("each redirect and each attempt is an entry of valid HAR 1.2", async () => {
    const { har, client } = recording({ bodies: true });
    await client.post(`${origin.url}/redirect/302?to=/ok`, { json: { a: 1 } });
    await client.get(`${origin.url}/flaky/har/1`);
    await client.get(`${origin.url}/gzip`);
    const archive = saved(har);
    validateHar(archive);
    const { entries } = archive.log;
    expect(entries[0]).toMatchObject({
      request: { method: "POST", bodySize: 7, postData: { mimeType: "application/json", text: '{"a":1}' } },
      response: { status: 302, redirectURL: "/ok", content: { text: "see /ok" } },
      serverIPAddress: "127.0.0.1",
      connection: expect.any(String),
    });
    expect(entries[1]).toMatchObject({
      request: { method: "GET", bodySize: 0 },
      response: { status: 200, bodySize: 2 },
    });
    expect(entries.filter(({ request }) => request.url.includes("/flaky")).length).toBe(2);
    const { content, bodySize } = entries.at(-1)!.response;
    expect(content.size).toBeGreaterThan(bodySize);
    expect(content.compression).toBe(content.size - bodySize);
    expect(entries[0]!.timings.connect).toBeGreaterThanOrEqual(0);
    expect(entries[1]!.timings).toMatchObject({ connect: -1, dns: -1, ssl: -1 });
    expect(entries[1]!.timings.wait).toBeGreaterThan(0);
  });

  test("shows no credentials, unless asked for them", async () => {
    const call = async (secrets: boolean) => {
      const { har, client } = recording({ secrets });
      await client.get(`${origin.url}/cookie?access_token=s3cret`, {
        headers: { authorization: "Basic s3cret", cookie: "id=s3cret; b=s3cret" },
      });
      return saved(har);
    };
    const hidden = await call(false);
    validateHar(hidden);
    expect(JSON.stringify(hidden)).not.toContain("s3cret");
    expect(hidden.log.entries[0]?.request.cookies).toEqual([
      { name: "id", value: "***" },
      { name: "b", value: "***" },
    ]);
    expect(hidden.log.entries[0]?.response.cookies.map(({ name }) => name)).toEqual(["sid", "theme"]);
    expect(hidden.log.entries[0]?.response.content).not.toHaveProperty("text");
    expect((await call(true)).log.entries[0]?.request.cookies[0]).toEqual({ name: "id", value: "s3cret" });
  });

  test("failures, streams and bytes", async () => {
    const { har, client } = recording({ bodies: true }, { retry: false });
    await client.get("http://127.0.0.1:1/").catch(() => undefined);
    const stream = await client.stream(`${origin.url}/slow-body?bytes=5&ms=10`);
    expect(saved(har).log.entries).toHaveLength(1);
    for await (const _chunk of stream.chunks());
    await client.get(`${origin.url}/bytes/4`);
    await client.get(`${origin.url}/cut-mid-body`).catch(() => undefined);
    const archive = saved(har);
    validateHar(archive);
    const { entries } = archive.log;
    expect(entries.map(({ response }) => response.status)).toEqual([0, 200, 200, 0]);
    expect(entries[0]?._error).toMatch(/connection refused/);
    expect(entries[1]?.response).toMatchObject({ bodySize: 5, content: { size: 5 } });
    expect(Buffer.from(entries[2]!.response.content.text!, "base64")).toHaveLength(4);
    expect(entries[3]?._error).toMatch(/of 10000 bytes|closed|cut/);
  });

  test("keeps the newest entries, and forgets when asked", async () => {
    const { har, client } = recording({ maxEntries: 2 });
    for (const n of [1, 2, 3]) await client.get(`${origin.url}/ok?n=${n}`);
    expect(saved(har).log.entries.map(({ request }) => request.queryString)).toEqual([
      [{ name: "n", value: "2" }],
      [{ name: "n", value: "3" }],
    ]);
    har.clear();
    expect(saved(har).log.entries).toEqual([]);
    expect(() => harRecorder({ maxEntries: 0 })).toThrow(/harRecorder\.maxEntries/);
  });
});

/** The required members of HAR 1.2, and their types (the archive's specification, sections 2 and 3). */
function validateHar(har: Har): void {
  const pairs = expect.toSatisfy(
    (list: unknown) =>
      Array.isArray(list) &&
      list.every(({ name, value }) => typeof name === "string" && typeof value === "string"),
  );
  const text = expect.any(String);
  const number = expect.any(Number);
  expect(har.log).toMatchObject({ version: "1.2", creator: { name: "skein", version: text } });
  for (const entry of har.log.entries) {
    expect(entry).toMatchObject({
      startedDateTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      time: number,
      request: {
        method: text,
        url: text,
        httpVersion: text,
        cookies: pairs,
        headers: pairs,
        queryString: pairs,
        headersSize: number,
        bodySize: number,
      },
      response: {
        status: number,
        statusText: text,
        httpVersion: text,
        cookies: pairs,
        headers: pairs,
        content: { size: number, mimeType: text },
        redirectURL: text,
        headersSize: number,
        bodySize: number,
      },
      cache: {},
    });
    const { blocked, dns, connect, ssl, send, wait, receive } = entry.timings;
    for (const ms of [blocked, dns, connect, ssl]) expect(ms === -1 || ms >= 0).toBe(true);
    for (const ms of [send, wait, receive]) expect(ms).toBeGreaterThanOrEqual(0);
    const sum = [blocked, dns, connect, send, wait, receive].reduce((all, ms) => all + Math.max(0, ms), 0);
    expect(entry.time).toBeCloseTo(sum, 6);
    expect(ssl === -1 || ssl <= connect).toBe(true);
  }
}
