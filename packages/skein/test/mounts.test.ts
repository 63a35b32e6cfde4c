import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, originServer, scriptedServer, test } from "@skein/testkit";
import { Client, fetchTransport, type Transport } from "../src/entry/node.ts";
import { mockTransport } from "../src/entry/testing.ts";

const named = (name: string) => mockTransport(request => ({ text: `${name} ${request.path}` }));

async function start() {
  const origin = await originServer();
  onTestFinished(() => origin.close());
  return origin;
}

/** What is counted: how often a transport was closed and destroyed. */
function counting(inner: Transport): Transport & { closed: number; destroyed: number } {
  const counts = {
    closed: 0,
    destroyed: 0,
    send: inner.send.bind(inner),
    close: async () => {
      counts.closed += 1;
      await inner.close();
    },
    destroy: () => {
      counts.destroyed += 1;
    },
  };
  return counts;
}

describe("mounts", () => {
  test("the most specific pattern wins; null and what fits none go over the client's own connections", async () => {
    const origin = await start();
    await using client = new Client({
      mounts: {
        "all://": named("all"),
        "https://": named("https"),
        "all://*.example.com": named("below"),
        "https://www.example.com": named("www"),
        "all://*:8443": named("port"),
        "http://127.0.0.1": null,
      },
    });
    const urls = [
      "http://other.test/a",
      "https://other.test/a",
      "https://a.example.com/a",
      "http://example.com/a",
      "https://www.example.com/a",
      "https://www.example.com:8443/a",
      `${origin.url}/ok`,
    ];
    const texts = await Promise.all(urls.map(url => client.get(url).text()));
    expect(texts).toEqual(["all /a", "https /a", "below /a", "all /a", "www /a", "port /a", "ok"]);
    expect(origin.requestCount).toBe(1);
  });

  test("each hop of a redirect is looked up anew: in calls, streams, client.fetch and batches", async () => {
    const origin = await start();
    const there = mockTransport(() => ({ status: 302, headers: { location: `${origin.url}/ok` } }));
    await using client = new Client({ mounts: { "http://api.test": there } });
    const url = "http://api.test/";
    const texts = [await client.get(url).text(), await (await client.fetch(url)).text()];
    await using stream = await client.stream(url);
    for await (const text of stream.textChunks()) texts.push(text);
    await using batch = client.batch([url]);
    for await (const task of batch) texts.push(task.response!.text());
    expect(texts).toEqual(["ok", "ok", "ok", "ok"]);
    expect([there.requests.length, origin.requestCount]).toEqual([4, 4]);
  });

  test("closing the client closes them, once each, and destroying destroys them; extend() and with() share them", async () => {
    const [one, two] = [counting(named("one")), counting(named("two"))];
    const mounts = { "all://a.test": one, "all://b.test": one, "all://c.test": two };
    const client = new Client({ mounts });
    const extended = client.extend({ headers: { "x-a": "1" } });
    const layered = client.with(inner => inner, { before: "retry" });
    expect(await extended.get("http://b.test/x").text()).toBe("one /x");
    expect(await layered.get("http://c.test/x").text()).toBe("two /x");
    await extended.close();
    await layered.close();
    expect([one.closed, two.closed]).toEqual([0, 0]);
    await client.close();
    expect([one.closed, two.closed]).toEqual([1, 1]);
    new Client({ mounts }).destroy();
    expect([one.destroyed, two.destroyed]).toEqual([1, 1]);
    expect(() => client.extend({ mounts } as never)).toThrow(/"mounts" belongs to the connections/);
  });

  test("one that decodes by itself beside connections that do not: neither decodes twice", async () => {
    await using server = await scriptedServer(async connection => {
      for (;;) {
        if ((await connection.readHead()) === undefined) return;
        const body = gzipSync("unpacked once");
        const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`;
        await connection.write(Buffer.concat([Buffer.from(head), body]));
      }
    });
    const { port } = new URL(server.url);
    await using client = new Client({ mounts: { "all://localhost": fetchTransport() } });
    const urls = [`http://127.0.0.1:${port}/`, `http://localhost:${port}/`];
    for (const url of urls) expect(await client.get(url).text()).toBe("unpacked once");
  });

  test.each([
    [{ "example.com": null }, /mounts: "example\.com" is no pattern; expected one such as "all:\/\/"/],
    [{ "all://a.test": {} as never }, /mounts: "all:\/\/a\.test": expected a transport/],
  ])("%o is refused", (mounts, message) => {
    expect(() => new Client({ mounts })).toThrow(message);
  });
});
