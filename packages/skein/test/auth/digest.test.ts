import { createHash } from "node:crypto";
import { describe, expect, type OriginExchange, type OriginRoute, sendText, test } from "@skein/testkit";
import { DigestAuth } from "../../src/entry/node.ts";
import { seen, start } from "./guarded-origins.ts";

describe("Digest", () => {
  const md5 = (text: string) => createHash("md5").update(text).digest("hex");

  /** Checks the sums itself, and counts the nonces; RFC 7616 §3.4. */
  function digestRoute(
    settings: {
      realm?: string;
      extra?: string;
      answer?: (exchange: OriginExchange, count: number) => boolean;
    } = {},
  ) {
    const { realm = "test", extra = ', qop="auth"' } = settings;
    const counts: string[] = [];
    const route: OriginRoute = exchange => {
      const { request, response } = exchange;
      const sent = request.headers.authorization ?? "";
      const field = (name: string) => new RegExp(`\\b${name}="?([^",]*)"?`).exec(sent)?.[1] ?? "";
      const ha1 = md5(`u:${realm}:p`);
      const ha2 = md5(`${request.method}:${request.url}`);
      const middle = `${field("nonce")}:${field("nc")}:${field("cnonce")}:auth`;
      const isRight = sent.startsWith("Digest ") && field("response") === md5(`${ha1}:${middle}:${ha2}`);
      if (isRight) counts.push(`${field("nonce")} ${field("nc")}`);
      if (!isRight || settings.answer?.(exchange, counts.length) === false) {
        response.statusCode = 401;
        response.setHeader("www-authenticate", [
          `Basic realm="x", Digest realm="${realm}", nonce="n${counts.length}"${extra}`,
        ]);
      }
      return sendText(response, "answer");
    };
    return { route, counts };
  }

  test("the first request is refused and sent again; the second carries nc=00000002 from the start", async () => {
    const { route, counts } = digestRoute();
    const { origin, client } = await start({ digest: route }, { auth: new DigestAuth("u", "p") });
    expect((await client.get(`${origin.url}/digest?a=1`)).status).toBe(200);
    expect((await client.post(`${origin.url}/digest`, { json: { a: 1 } })).status).toBe(200);
    expect(counts).toEqual(["n0 00000001", "n0 00000002"]);
    expect(origin.requestCount).toBe(3);
    expect(origin.connections).toBe(1);
  });

  test("a realm with a comma, among several challenges in one field", async () => {
    const { route } = digestRoute({ realm: "one, two" });
    const { origin, client } = await start({ digest: route });
    const auth = new DigestAuth("u", "p");
    expect((await client.get(`${origin.url}/digest`, { auth })).status).toBe(200);
  });

  test("a stale nonce is replaced; a wrong password is refused once more, and no further", async () => {
    const stale = digestRoute({ answer: (_, count) => count !== 2, extra: ", stale=true, qop=auth" });
    const { origin, client } = await start({ digest: stale.route }, { auth: new DigestAuth("u", "p") });
    await client.get(`${origin.url}/digest`);
    expect((await client.get(`${origin.url}/digest`)).status).toBe(200);
    expect(stale.counts).toEqual(["n0 00000001", "n0 00000002", "n2 00000001"]);
    const wrong = digestRoute();
    const second = await start({ digest: wrong.route }, { auth: new DigestAuth("u", "wrong") });
    expect((await second.client.get(`${second.origin.url}/digest`)).status).toBe(401);
    expect(second.origin.requestCount).toBe(2);
  });

  test("the nonce that Authentication-Info names is used next, counted anew", async () => {
    const named = digestRoute({
      answer: ({ response }) => {
        response.setHeader("authentication-info", 'nextnonce="next, please"');
        return true;
      },
    });
    const { origin, client } = await start({ digest: named.route }, { auth: new DigestAuth("u", "p") });
    await client.get(`${origin.url}/digest`);
    // The check of the route stops at the comma in the nonce: the header tells.
    await client.get(`${origin.url}/digest`);
    expect(seen(origin)[2]).toContain('nonce="next, please", nc=00000001');
  });

  test("a stream that can't be sent again is told so, with what to do", async () => {
    const { origin, client } = await start(
      { digest: digestRoute().route },
      { auth: new DigestAuth("u", "p") },
    );
    const content = (async function* () {
      yield "x";
    })();
    const call = client.post(`${origin.url}/digest`, { content });
    await expect(call).rejects.toMatchObject({ code: "BODY_NOT_REPLAYABLE" });
    const again = await client.post(`${origin.url}/digest`, { content: () => ["x"] });
    expect(again.status).toBe(200);
  });

  test("a response without a Digest challenge is the answer", async () => {
    const { origin, client } = await start({}, { auth: new DigestAuth("u", "p") });
    expect((await client.get(`${origin.url}/status/401`)).status).toBe(401);
    expect(origin.requestCount).toBe(1);
  });
});
