import { Readable } from "node:stream";
import { describe, expect, onTestFinished, originServer, test, testBytes } from "@skein/testkit";
import { Client, type Content, HandlerError, InvalidOption, type Progress } from "../src/entry/node.ts";

async function setup() {
  const server = await originServer();
  const client = new Client({ timeout: "10s" });
  onTestFinished(async () => {
    client.destroy();
    await server.close();
  });
  const seen: Progress[] = [];
  return { server, client, seen, listen: (progress: Progress) => void seen.push(progress) };
}

function expectSteady(seen: readonly Progress[], bytes: number, total: number | undefined): void {
  expect(seen.at(-1)).toMatchObject({ bytes, total });
  for (let i = 1; i < seen.length; i++) expect(seen[i]!.bytes).toBeGreaterThanOrEqual(seen[i - 1]!.bytes);
}

const BYTES = new Uint8Array(testBytes(3_000_000));

describe("onUploadProgress", () => {
  test.each<[string, () => Content, number | undefined]>([
    ["bytes", () => BYTES, BYTES.length],
    ["a Blob", () => new Blob([BYTES]), BYTES.length],
    ["a stream", () => Readable.from([BYTES.subarray(0, 1_000_000), BYTES.subarray(1_000_000)]), undefined],
  ])("tells the bytes of %s, and the end", async (_, content, total) => {
    const { client, server, seen, listen } = await setup();
    const response = await client.post(`${server.url}/echo`, {
      content: content(),
      onUploadProgress: listen,
    });
    expect(response.json<{ bodyBase64: string }>().bodyBase64).toBe(Buffer.from(BYTES).toString("base64"));
    expectSteady(seen, BYTES.length, total);
  });

  test("of multipart, and of a small body: at least once", async () => {
    const { client, server, seen, listen } = await setup();
    await client.post(`${server.url}/echo`, { multipart: { a: "1" }, onUploadProgress: listen });
    expect(seen.at(-1)!.bytes).toBe(seen.at(-1)!.total);
    await client.post(`${server.url}/echo`, { json: { a: 1 }, onUploadProgress: listen });
    expect(seen.at(-1)).toMatchObject({ bytes: 7, total: 7 });
  });

  test("that throws fails the call with HandlerError, and releases the connection", async () => {
    const { client, server } = await setup();
    const failure = client.post(`${server.url}/echo`, {
      content: BYTES,
      onUploadProgress() {
        throw new Error("enough");
      },
    });
    await expect(failure).rejects.toThrow(HandlerError);
    await expect(failure).rejects.toThrow(/onUploadProgress threw: enough/);
    await expect.poll(() => server.openConnections).toBe(0);
    expect((await client.get(`${server.url}/ok`)).status).toBe(200);
  });
});

describe("onDownloadProgress", () => {
  test.each([
    ["bytes", 3_000_000],
    ["chunked", undefined],
  ])("tells the bytes of /%s, and the end", async (route, total) => {
    const { client, server, seen, listen } = await setup();
    const response = await client.get(`${server.url}/${route}/3000000`, { onDownloadProgress: listen });
    expect(response.bytes()).toHaveLength(3_000_000);
    expectSteady(seen, 3_000_000, total);
  });

  test("counts encoded bytes, as content-length does", async () => {
    const { client, server, seen, listen } = await setup();
    const response = await client.get(`${server.url}/gzip`, { onDownloadProgress: listen });
    const length = Number(response.headers.get("content-length"));
    expect(seen.at(-1)).toMatchObject({ bytes: length, total: length });
    expect(response.bytes().length).toBeGreaterThan(length);
  });

  test("of a stream: as it is read", async () => {
    const { client, server, seen, listen } = await setup();
    const stream = await client.stream(`${server.url}/bytes/3000000`, { onDownloadProgress: listen });
    let read = 0;
    for await (const chunk of stream.chunks()) read += chunk.length;
    expectSteady(seen, read, 3_000_000);
  });

  test("says nothing of redirects, and begins anew with each attempt", async () => {
    const { client, server, seen, listen } = await setup();
    await client.get(`${server.url}/redirect/302?to=/bytes/1000`, { onDownloadProgress: listen });
    expect(seen.at(-1)).toMatchObject({ bytes: 1_000, total: 1_000 });
    expect(seen.every(({ total }) => total === 1_000)).toBe(true);
  });

  test("that throws, at once or later, fails the call with HandlerError, and releases the connection", async () => {
    const { client, server } = await setup();
    for (const onDownloadProgress of [
      () => {
        throw new Error("enough");
      },
      async () => {
        throw new Error("enough");
      },
    ]) {
      const failure = client.get(`${server.url}/bytes/30000000`, { onDownloadProgress });
      await expect(failure).rejects.toThrow(HandlerError);
      await expect.poll(() => server.openConnections).toBe(0);
    }
    expect((await client.get(`${server.url}/ok`)).status).toBe(200);
  });
});

test("the cap of a response holds with progress too", async () => {
  const { server, listen } = await setup();
  await using client = new Client({ limits: { maxResponseBytes: 1_000 } });
  const options = { onDownloadProgress: listen };
  for (const route of ["bytes", "chunked"]) {
    expect((await client.get(`${server.url}/${route}/1000`, options)).bytes()).toHaveLength(1_000);
    await expect(client.get(`${server.url}/${route}/1001`, options)).rejects.toThrow(
      /larger than 1000 bytes/,
    );
  }
});

test("where nobody would tell, they are refused", async () => {
  const { client, server, listen } = await setup();
  const options = { onUploadProgress: listen };
  expect(() => client.buildRequest("GET", `${server.url}/ok`, options as never)).toThrow(InvalidOption);
  await expect(client.get(server.url, { onUploadProgress: 5 as never })).rejects.toThrow(
    /expected a function/,
  );
});
