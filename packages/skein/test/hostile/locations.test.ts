import { expect, scriptedServer, test } from "@skein/testkit";
import { Client, SkeinError } from "../../src/entry/node.ts";
import { nothingEscapes, outcomeOf } from "./harness.ts";

/** What a Location can hold: each ends in an answer of the server itself, or in an error of ours. */
const LOCATIONS: Readonly<Record<string, string>> = {
  nothing: "",
  blanks: " \t ",
  "another port": "http://127.0.0.1:1/",
  "a port that is none": "http://127.0.0.1:99999/",
  "no host": "http:///x",
  "a host of blanks": "http://%20/",
  "a host with NUL": "http://127.0.0.1%00.evil.test/",
  "an address in other words": "http://0x7f.1:1/",
  "an address that is too long": "http://[::ffff:127.0.0.1",
  "credentials alone": "http://user:pass@/",
  "a fragment alone": "#top",
  "a query alone": "?again",
  dots: "/../../../../etc/passwd",
  "percent signs": "/%%%2e%2e/%zz",
  "bytes beyond ASCII": "/\xe9\xff\x80",
  quotes: '/"><script>',
  backslashes: "\\\\evil.test\\x",
  "a scheme in capitals": "FILE:///etc/passwd",
  "data:": "data:text/html,hello",
  "unix:": "unix:/var/run/docker.sock",
  "two places": "/a, http://evil.test/",
  "a tab inside": "/a\tb",
  "60,000 characters": `/${"x".repeat(60_000)}`,
  "60,000 dots": "/..".repeat(20_000),
};

test.each(Object.entries(LOCATIONS))(
  "a redirect to %s ends, and sends nothing that is no HTTP",
  async (_, location) => {
    nothingEscapes();
    const heads: string[] = [];
    await using server = await scriptedServer(async connection => {
      for (;;) {
        heads.push(await connection.readHead());
        const to = heads.length === 1 ? `302 Found\r\nLocation: ${location}` : "200 OK";
        await connection.write(`HTTP/1.1 ${to}\r\nContent-Length: 2\r\n\r\nok`);
      }
    });
    const client = new Client({ retry: false, timeout: "5s", headers: { authorization: "Bearer canary" } });
    const outcome = await outcomeOf(client.get(`${server.url}/start`));
    for (const head of heads) expect(head).toMatch(/^GET \/[!-~]* HTTP\/1\.1\r\n(?:[^\r\n]+\r\n)+\r\n$/);
    expect(heads.length).toBeLessThanOrEqual(2);
    if (outcome instanceof SkeinError) expect(outcome.message).not.toContain("canary");
    else expect(outcome.text()).toBe("ok");
    client.destroy();
  },
);

test("a redirect to itself ends after as many as are allowed, each listed, on one connection", async () => {
  nothingEscapes();
  let requests = 0;
  await using server = await scriptedServer(async connection => {
    for (;;) {
      await connection.readHead();
      requests += 1;
      await connection.write(`HTTP/1.1 302 Found\r\nLocation: /${requests % 2}\r\nContent-Length: 0\r\n\r\n`);
    }
  });
  const client = new Client({ timeout: "5s" });
  expect(await outcomeOf(client.get(server.url))).toMatchObject({
    code: "TOO_MANY_REDIRECTS",
    retryable: false,
  });
  expect([requests, server.connections]).toEqual([21, 1]);
  client.destroy();
});
