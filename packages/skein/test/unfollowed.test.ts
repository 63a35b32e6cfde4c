import { describe, expect, test } from "@skein/testkit";
import { CookieJar, type Request } from "../src/entry/node.ts";
import { basic, redirect, seen, start } from "./auth/guarded-origins.ts";

const unfollowed = { redirect: false } as const;

describe("response.nextRequest", () => {
  test("is the request that follows a redirect that was not followed, and only of such a one", async () => {
    const { origin, client } = await start({});
    const url = `${origin.url}/redirect/303?to=${encodeURIComponent("/echo?a=1")}`;
    const response = await client.post(url, { ...unfollowed, json: { a: 1 }, headers: { "x-own": "1" } });
    const next = response.nextRequest as Request;
    expect([response.status, next.method, next.url.href, next.headers.get("x-own"), next.body]).toEqual([
      303,
      "GET",
      `${origin.url}/echo?a=1`,
      "1",
      undefined,
    ]);
    const answer = await client.send(next);
    expect(answer.json()).toMatchObject({ method: "GET", target: "/echo?a=1", body: "" });
    const followed = await client.get(url);
    expect([answer, followed, followed.history[0]].map(other => other?.nextRequest)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    await using stream = await client.stream(url, unfollowed);
    expect(String(stream.nextRequest)).toBe(`GET ${origin.url}/echo?a=1`);
  });

  test("sent to another origin, it takes no credentials there, nor back", async () => {
    const { origin, other, client } = await start(
      {},
      { auth: ["client", "x"], cookies: { given: "1" }, headers: { "x-api-key": "k" } },
    );
    const there = redirect(other.url + redirect(`${origin.url}/ok`));
    const first = await client.get(origin.url + there, { ...unfollowed, cookies: { own: "1" } });
    const second = await client.send(first.nextRequest as Request, unfollowed);
    const third = await client.send(second.nextRequest as Request);
    expect([first.status, second.status, third.status]).toEqual([307, 307, 200]);
    const secrets = ["authorization", "cookie", "x-api-key"] as const;
    const received = [...origin.requests, ...other.requests].map(request =>
      secrets.map(name => request.header(name)),
    );
    expect(received).toEqual([
      [basic("client:x"), "given=1; own=1", "k"],
      [undefined, undefined, undefined],
      [undefined, undefined, undefined],
    ]);
  });

  test("sent to the same origin, it goes as the redirect would have gone", async () => {
    const { origin, client } = await start({}, { auth: ["client", "x"], cookies: new CookieJar() });
    const first = await client.get(`${origin.url}/redirect/302?to=/ok`, unfollowed);
    await client.send(first.nextRequest as Request);
    expect(seen(origin)).toEqual([basic("client:x"), basic("client:x")]);
  });

  test("credentials that are given with its own call are sent", async () => {
    const { origin, other, client } = await start({}, { auth: ["client", "x"] });
    const first = await client.get(origin.url + redirect(`${other.url}/ok`), unfollowed);
    await client.send(first.nextRequest as Request, { auth: ["other", "y"] });
    expect(seen(other)).toEqual([basic("other:y")]);
  });

  test.each([
    ["ftp://example.com/", "REDIRECT_REFUSED"],
    ["http://[", "INVALID_RESPONSE"],
  ])("where the redirect is refused (%s), the response is there all the same", async (to, code) => {
    const { origin, client } = await start({});
    const response = await client.get(origin.url + redirect(to), unfollowed);
    expect(response.status).toBe(307);
    expect(() => response.nextRequest).toThrow(expect.objectContaining({ code }));
  });
});
