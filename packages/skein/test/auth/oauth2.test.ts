import {
  describe,
  expect,
  type OriginRoute,
  onTestFinished,
  originServer,
  sendJson,
  sendText,
  test,
} from "@skein/testkit";
import { OAuth2ClientCredentials } from "../../src/entry/node.ts";
import { basic, guarded, start } from "./guarded-origins.ts";

describe("OAuth 2 client credentials", () => {
  /** Gives t1, t2, … */
  function tokenRoute(facts: Record<string, unknown> = {}) {
    const forms: string[] = [];
    const route: OriginRoute = async ({ request, response }) => {
      let form = "";
      for await (const chunk of request) form += chunk;
      forms.push(form);
      sendJson(response, { access_token: `t${forms.length}`, token_type: "Bearer", ...facts });
    };
    return { route, forms };
  }

  async function startOAuth(route: OriginRoute, valid: Set<string>, more: object = {}) {
    const servers = await start({ token: route, guarded: guarded(valid) });
    const tokenUrl = `${servers.other.url}/token`;
    const auth = new OAuth2ClientCredentials({ tokenUrl, clientId: "my app", clientSecret: "s:3", ...more });
    return { ...servers, client: servers.client.extend({ auth }) };
  }

  test("one token for all who wait, kept for later calls; fetched anew once when it is refused", async () => {
    const token = tokenRoute({ expires_in: 3600 });
    const valid = new Set(["t1"]);
    const { origin, other, client } = await startOAuth(token.route, valid, { scope: ["a", "b"] });
    const get = () => client.get(`${origin.url}/guarded`);
    const first = await Promise.all(Array.from({ length: 20 }, get));
    expect(first.map(response => response.text())).toEqual(Array(20).fill("t1"));
    expect(token.forms).toEqual(["grant_type=client_credentials&scope=a+b"]);
    expect(other.requests[0]?.header("authorization")).toBe(basic("my+app:s%3A3"));
    valid.clear();
    valid.add("t2");
    const later = await Promise.all(Array.from({ length: 20 }, get));
    expect(later.map(response => response.text())).toEqual(Array(20).fill("t2"));
    expect(token.forms).toHaveLength(2);
  });

  test("a token that is about to expire is not used; the credentials can go in the body", async () => {
    const token = tokenRoute({ expires_in: 0 });
    const { origin, client } = await startOAuth(token.route, new Set(["t1", "t2"]), {
      clientAuth: "body",
      params: { audience: "x" },
    });
    expect((await client.get(`${origin.url}/guarded`)).text()).toBe("t1");
    expect((await client.get(`${origin.url}/guarded`)).text()).toBe("t2");
    expect(token.forms[0]).toBe(
      "grant_type=client_credentials&audience=x&client_id=my+app&client_secret=s%3A3",
    );
  });

  test("in a call that streams the token is read all the same", async () => {
    const { origin, client } = await startOAuth(tokenRoute().route, new Set(["t1"]));
    const response = await client.stream(`${origin.url}/guarded`);
    expect(response.status).toBe(200);
    for await (const line of response.lines()) expect(line).toBe("t1");
  });

  test.each<[string, OriginRoute, object]>([
    [
      "a refusal",
      ({ response }) => {
        response.statusCode = 401;
        sendJson(response, { error: "invalid_client", error_description: "who?" });
      },
      {
        code: "AUTH_FAILED",
        message: expect.stringMatching(/answered 401 Unauthorized: invalid_client: who\?/),
      },
    ],
    [
      "a busy endpoint",
      ({ response }) => {
        response.statusCode = 503;
        sendText(response, "<html>");
      },
      { code: "AUTH_UNAVAILABLE", retryable: true, message: expect.stringContaining("answered 503") },
    ],
    [
      "no token",
      ({ response }) => sendJson(response, { hello: "canary" }),
      { code: "AUTH_FAILED", message: expect.not.stringContaining("canary") },
    ],
    [
      "a redirect",
      ({ response }) => {
        response.writeHead(302, { location: "/elsewhere" }).end();
      },
      { code: "AUTH_FAILED", message: expect.stringContaining("answered 302") },
    ],
    [
      "a reset",
      ({ response }) => void response.socket?.resetAndDestroy(),
      { code: "AUTH_UNAVAILABLE", message: expect.stringContaining("no token from http://127.0.0.1") },
    ],
  ])("%s fails every call that waits, after one request", async (_, route, expected) => {
    const { origin, other, client } = await startOAuth(route, new Set());
    const calls = await Promise.allSettled([1, 2, 3].map(i => client.get(`${origin.url}/guarded?${i}`)));
    for (const [index, call] of calls.entries()) {
      expect(call).toMatchObject({ status: "rejected", reason: { name: "AuthError", ...expected } });
      const { message } = (call as PromiseRejectedResult).reason;
      expect(message).toContain(`/guarded?${index + 1}: `);
      expect(message).not.toContain("s:3");
    }
    expect([origin.requestCount, other.requestCount]).toEqual([0, 1]);
  });

  test("a refusal that comes late, of a token that has been replaced, fetches none", async () => {
    const token = tokenRoute();
    const valid = new Set(["t1"]);
    const check = guarded(valid);
    const late: OriginRoute = exchange => void setTimeout(() => check(exchange), 200);
    const { other, client } = await startOAuth(token.route, valid);
    const origin = await originServer({ routes: { guarded: check, late } });
    onTestFinished(() => origin.close());
    await client.get(`${origin.url}/guarded`);
    valid.clear();
    valid.add("t2");
    const slow = client.get(`${origin.url}/late`);
    expect((await client.get(`${origin.url}/guarded`)).text()).toBe("t2");
    expect((await slow).text()).toBe("t2");
    expect(other.requestCount).toBe(2);
  });

  // Where a proxy stands in front of the origin, it may send the second request over the connection that it has just cut, and say 502.
  test("when the call that fetches the token is cancelled, the next one takes over", {
    retry: 2,
  }, async () => {
    let asked = 0;
    const route: OriginRoute = ({ response }) => {
      if (++asked > 1) sendJson(response, { access_token: "t" });
    };
    const { origin, client } = await startOAuth(route, new Set(["t"]));
    const first = client.get(`${origin.url}/guarded`);
    const second = client.get(`${origin.url}/guarded`);
    setTimeout(() => first.cancel("no"), 50);
    await expect(first).rejects.toMatchObject({ code: "ABORTED" });
    expect((await second).status).toBe(200);
    expect(asked).toBe(2);
  });
});
