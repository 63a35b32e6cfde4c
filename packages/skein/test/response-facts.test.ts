import { inspect } from "node:util";
import { describe, expect, originServer, scriptedServer, test } from "@skein/testkit";
import { Client, Headers, isSkeinError } from "../src/entry/node.ts";

describe("the facts of a response", () => {
  test("its trailers, buffered and streamed", async () => {
    await using server = await scriptedServer(async connection => {
      await connection.readHead();
      await connection.write(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n",
      );
      connection.end();
    });
    await using client = new Client();
    const response = await client.get(server.url);
    expect([response.text(), response.trailers.get("x-sum")]).toEqual(["ok", "1"]);
    await using stream = await client.stream(server.url);
    for await (const text of stream.textChunks()) expect(text).toBe("ok");
    expect(stream.trailers.get("x-sum")).toBe("1");
  });

  test("the bytes that came over the network, before codings were taken off; the time it took", async () => {
    await using origin = await originServer();
    await using client = new Client();
    const response = await client.get(`${origin.url}/gzip`);
    expect(response.bytesDownloaded).toBe(Number(response.headers.get("content-length")));
    expect(response.bytesDownloaded).not.toBe(response.bytes().length);
    const late = await client.get(`${origin.url}/delay/60`);
    expect(late.elapsed).toBeGreaterThanOrEqual(55);
  });

  test("its text: a line worth pasting, without credentials", async () => {
    await using origin = await originServer();
    await using client = new Client();
    const url = `${origin.url}/ok?token=geheim`.replace("http://", "http://ada:geheim@");
    const response = await client.get(url);
    expect(String(response)).toMatch(/^Response 200 OK for GET http:\/\/127\.0\.0\.1:\d+\/ok\?token=/);
    expect(String(response)).not.toContain("geheim");
  });

  test("console.log shows it, its request, its headers and the client on one line each, without credentials", async () => {
    await using origin = await originServer();
    const client = new Client({ baseUrl: `${origin.url.replace("//", "//ada:geheim@")}/v1` });
    const url = new URL(`${origin.url}/ok?token=geheim`);
    const headers = { Authorization: "Bearer geheim", Cookie: "s=geheim", Accept: "text/plain" };
    const response = await client.get(url, { headers });
    const stream = await client.stream(url);
    const shown = [response, stream, response.request, response.request.headers, client].map(value =>
      inspect(value),
    );
    stream.close();
    await client.close();
    const at = `GET ${origin.url}/ok?token=***`;
    expect(shown).toEqual([
      `Response 200 OK for ${at}`,
      `StreamResponse 200 OK for ${at}`,
      `Request ${at}`,
      expect.stringMatching(
        /^Headers \{ .*Authorization: Bearer \*{3}, Cookie: \*{3}, Accept: text\/plain.* \}$/,
      ),
      `Client of ${origin.url}/v1`,
    ]);
    expect([inspect({ client }), inspect(Headers.empty)]).toEqual([
      `{ client: Client of ${origin.url}/v1, closed }`,
      "Headers {}",
    ]);
    expect(shown.join()).not.toContain("geheim");
  });
});

test("an error as JSON says what a log needs, and nothing secret", async () => {
  await using origin = await originServer();
  await using client = new Client({ auth: ["ada", "geheim"], retry: 2 });
  const error = await client
    .get(`${origin.url}/cut-mid-body?token=geheim`)
    .catch((thrown: unknown) => thrown);
  if (!isSkeinError(error)) throw error;
  const json = JSON.stringify(error);
  expect(JSON.parse(json)).toMatchObject({
    name: "ReadError",
    code: "BODY_CUT",
    phase: "body",
    requestSent: "full",
    request: { method: "GET" },
    attempts: [{ error: { code: "BODY_CUT" } }, { error: { code: "BODY_CUT" } }],
    retryable: true,
  });
  expect(json).not.toContain("geheim");
});
