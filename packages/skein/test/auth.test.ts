import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  describe,
  expect,
  type OriginExchange,
  type OriginRoute,
  onTestFinished,
  originServer,
  sendJson,
  sendText,
  test,
} from "@skein/testkit";
import {
  type Auth,
  BasicAuth,
  BearerAuth,
  Client,
  type ClientOptions,
  DigestAuth,
  NetrcAuth,
  OAuth2ClientCredentials,
  type Request,
} from "../src/entry/node.ts";

/** Two origins (their ports differ) and a client. */
async function start(routes: Record<string, OriginRoute>, options: ClientOptions = {}) {
  const [origin, other] = await Promise.all([originServer({ routes }), originServer({ routes })]);
  const client = new Client({ timeout: "10s", retry: false, ...options });
  onTestFinished(async () => {
    await client.close();
    await Promise.all([origin.close(), other.close()]);
  });
  return { origin, other, client };
}

const redirect = (url: string) => `/redirect/307?to=${encodeURIComponent(url)}`;
const seen = (server: { requests: readonly { header(name: string): string | undefined }[] }) =>
  server.requests.map(request => request.header("authorization"));
const basic = (pair: string) => `Basic ${Buffer.from(pair).toString("base64")}`;

/** Answers 200 only where the token is one of `valid`. */
const guarded =
  (valid: Set<string>): OriginRoute =>
  ({ request, response }) => {
    const token = request.headers.authorization?.replace(/^Bearer /, "") ?? "";
    response.statusCode = valid.has(token) ? 200 : 401;
    sendText(response, token);
  };

describe("which credentials are sent", () => {
  test("a pair, a BasicAuth and the userinfo of a URL are Basic credentials, in UTF-8", async () => {
    const { origin, client } = await start({});
    await client.get(`${origin.url}/ok`, { auth: ["user", "pa:ss"] });
    await client.get(`${origin.url}/ok`, { auth: new BasicAuth("jürgen", "€") });
    await client.get(origin.url.replace("//", "//j%C3%BCrgen:%E2%82%AC@"));
    expect(seen(origin)).toEqual([basic("user:pa:ss"), basic("jürgen:€"), basic("jürgen:€")]);
  });

  test("the client's, unless the request, its URL or its headers say otherwise; null is none", async () => {
    const { origin, client } = await start({}, { auth: ["client", "x"] });
    await client.get(`${origin.url}/ok`);
    await client.get(`${origin.url}/ok`, { auth: ["request", "x"] });
    await client.get(`${origin.url}/ok`, { auth: null });
    await client.get(`${origin.url}/ok`, { auth: false });
    await client.get(`${origin.url}/ok`, { headers: { authorization: "Custom x" } });
    await client.get(origin.url.replace("//", "//url:x@"));
    await client.get(origin.url.replace("//", "//url:x@"), { auth: ["request", "x"] });
    await client.get(origin.url.replace("//", "//url:x@"), { headers: { authorization: "Custom x" } });
    expect(seen(origin)).toEqual([
      basic("client:x"),
      basic("request:x"),
      undefined,
      undefined,
      "Custom x",
      basic("url:x"),
      basic("request:x"),
      "Custom x",
    ]);
  });

  test("a client that extends another with auth means that, and not the other's header", async () => {
    const { origin, client } = await start({}, { headers: { authorization: "Old x" } });
    await client.extend({ auth: ["new", "x"] }).get(`${origin.url}/ok`);
    await client
      .extend({ auth: ["new", "x"] })
      .extend({ auth: null })
      .get(`${origin.url}/ok`);
    await client.extend({ headers: { "x-other": "1" } }).get(`${origin.url}/ok`);
    expect(seen(origin)).toEqual([basic("new:x"), undefined, "Old x"]);
  });

  test("streams, client.fetch, built requests and batches carry them too", async () => {
    const { origin, client } = await start({}, { auth: ["u", "p"] });
    const stream = await client.stream(`${origin.url}/ok`);
    for await (const chunk of stream.chunks()) expect(chunk.length).toBe(2);
    await client.fetch(`${origin.url}/ok`);
    await client.send(client.buildRequest("GET", `${origin.url}/ok`));
    for await (const task of client.batch([`${origin.url}/ok`])) expect(task.state).toBe("succeeded");
    expect(seen(origin)).toEqual(Array(4).fill(basic("u:p")));
  });

  test.each<[ClientOptions["auth"], RegExp]>([
    ["user:password" as never, /auth: expected \[user, password\]/],
    [{} as never, /auth: expected \[user, password\]/],
    [["a"] as never, /auth: expected \[user, password\]/],
    [["a:b", "c"], /can't hold a colon/],
    [["a", "b\r\nc"], /can't hold control characters/],
    [["a", 1] as never, /both strings/],
  ])("%j is refused, and not quoted", async (auth, message) => {
    expect(() => new Client({ auth })).toThrow(message);
    const { origin, client } = await start({});
    await expect(client.get(`${origin.url}/ok`, { auth })).rejects.toThrow(message);
    expect(origin.requestCount).toBe(0);
  });

  test("auth together with an authorization header is a mistake", async () => {
    const headers = { Authorization: "x" };
    expect(() => new Client({ auth: ["a", "b"], headers })).toThrow(/auth: give it or the header/);
    const { origin, client } = await start({});
    const call = client.get(`${origin.url}/ok`, { auth: ["a", "b"], headers });
    await expect(call).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });
});

describe("credentials stay with their origin", () => {
  const auths: [string, () => Auth | [string, string]][] = [
    ["pair", () => ["u", "p"]],
    ["bearer", () => new BearerAuth("t")],
    ["bearer function", () => new BearerAuth(async () => "t")],
    [
      "custom flow",
      () => ({
        *flow(request) {
          yield request.with({ headers: request.headers.with("Authorization", "X") });
        },
      }),
    ],
  ];

  test.each(auths)(
    "%s: kept on the same origin, left behind on another, and not restored on the way back",
    async (_, make) => {
      const { origin, other, client } = await start({}, { auth: make() });
      await client.get(origin.url + redirect("/ok"));
      expect(seen(origin).every(value => value !== undefined)).toBe(true);
      await client.get(origin.url + redirect(other.url + redirect(`${origin.url}/ok`)));
      expect(seen(other)).toEqual([undefined]);
      expect(seen(origin).at(-1)).toBeUndefined();
      expect(origin.requestCount).toBe(4);
    },
  );

  test("userinfo in a Location is not sent to another origin", async () => {
    const { origin, other, client } = await start({});
    await client.get(origin.url.replace("//", "//u:p@") + redirect(other.url.replace("//", "//a:b@")));
    expect([seen(origin), seen(other)]).toEqual([[basic("u:p")], [undefined]]);
  });

  test("with a base URL, a URL object that leads elsewhere gets none of the client's", async () => {
    const { origin, other, client } = await start({});
    const based = client.extend({ baseUrl: origin.url, auth: ["u", "p"] });
    await based.get("/ok");
    await based.get(new URL(`${other.url}/ok`));
    await based.get(new URL(`${other.url}/ok`), { auth: ["mine", "p"] });
    expect([seen(origin), seen(other)]).toEqual([[basic("u:p")], [undefined, basic("mine:p")]]);
  });

  test("no message shows them", async () => {
    const { client } = await start({});
    const error = await client
      .get("http://user:canary@127.0.0.1:1/", { auth: ["a", "canary"] })
      .catch(e => e);
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain("canary");
  });
});

describe("Bearer", () => {
  test("50 requests whose token was refused wait for one refresh", async () => {
    const valid = new Set(["t1"]);
    const asked: boolean[] = [];
    const auth = new BearerAuth(async ({ refresh }) => {
      asked.push(refresh);
      await new Promise(resolve => setTimeout(resolve, 20));
      return `t${asked.length}`;
    });
    const { origin, client } = await start({ guarded: guarded(valid) }, { auth });
    expect((await client.get(`${origin.url}/guarded`)).text()).toBe("t1");
    valid.clear();
    valid.add("t2");
    const responses = await Promise.all(
      Array.from({ length: 50 }, () => client.get(`${origin.url}/guarded`)),
    );
    expect(responses.map(response => response.text())).toEqual(Array(50).fill("t2"));
    expect(asked).toEqual([false, true]);
    expect(origin.requestCount).toBe(1 + 100);
  });

  test("a token that is refused again is answered 401, after one refresh", async () => {
    let asked = 0;
    const { origin, client } = await start({ guarded: guarded(new Set()) });
    const auth = new BearerAuth(() => `t${++asked}`);
    const response = await client.get(`${origin.url}/guarded`, { auth });
    expect([response.status, response.text(), asked, origin.requestCount]).toEqual([401, "t2", 2, 2]);
  });

  test("the same token again is not sent again", async () => {
    const { origin, client } = await start({ guarded: guarded(new Set()) });
    const response = await client.get(`${origin.url}/guarded`, { auth: new BearerAuth(() => "t") });
    expect([response.status, origin.requestCount]).toEqual([401, 1]);
  });

  test("a body that can't be sent again is answered 401; the next call has a new token", async () => {
    const valid = new Set(["t2"]);
    let asked = 0;
    const auth = new BearerAuth(() => `t${++asked}`);
    const { origin, client } = await start({ guarded: guarded(valid) }, { auth });
    const body = (async function* () {
      yield "x";
    })();
    expect((await client.post(`${origin.url}/guarded`, { content: body })).status).toBe(401);
    expect((await client.get(`${origin.url}/guarded`)).status).toBe(200);
    expect(origin.requestCount).toBe(2);
  });

  test("a function that throws fails each call that waits, with an error of its own; the next call asks again", async () => {
    let asked = 0;
    const auth = new BearerAuth(async () => {
      if (++asked === 1) throw new Error("the vault is sealed");
      return "t";
    });
    const { origin, client } = await start({}, { auth });
    const calls = await Promise.allSettled([
      client.get(`${origin.url}/ok?1`),
      client.get(`${origin.url}/ok?2`),
    ]);
    const messages = calls.map(call => (call.status === "rejected" ? call.reason.message : "fulfilled"));
    expect(messages[0]).toMatch(
      /\/ok\?1: the function that gives the bearer token threw: the vault is sealed/,
    );
    expect(messages[1]).toMatch(
      /\/ok\?2: the function that gives the bearer token threw: the vault is sealed/,
    );
    expect((await client.get(`${origin.url}/ok`)).status).toBe(200);
    expect(asked).toBe(2);
  });

  test("a wait for a token can be cancelled, and ends with the call's time", async () => {
    const { origin, client } = await start({}, { auth: new BearerAuth(() => new Promise(() => {})) });
    const cancelled = client.get(`${origin.url}/ok`);
    setTimeout(() => cancelled.cancel("enough"), 10);
    await expect(cancelled).rejects.toMatchObject({ code: "ABORTED" });
    const late = client.get(`${origin.url}/ok`, { timeout: 50 });
    await expect(late).rejects.toMatchObject({ code: "TOTAL_TIMEOUT" });
    expect(origin.requestCount).toBe(0);
  });

  test.each(["", "a b", "a\r\nb", "tök", 1 as never])("%j is no token", token => {
    expect(() => new BearerAuth(token)).toThrow(/bearer token: expected/);
  });
});

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

describe("netrc", () => {
  test("the entry of exactly the host that is connected to, and none after a redirect elsewhere", async () => {
    const folder = await mkdtemp(join(tmpdir(), "skein-netrc-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, "netrc");
    await writeFile(file, "machine localhost login l password x\nmachine 127.0.0.1 login me password s3\n");
    const { origin, other, client } = await start({}, { auth: new NetrcAuth(file) });
    await client.get(`${origin.url}/ok`);
    // What stands before the @ is a user name: the host is what follows it.
    await client.get(`${origin.url.replace("//", "//localhost:80@")}/ok`, { auth: null });
    await client.get(origin.url + redirect(`${other.url}/ok`));
    expect([seen(origin), seen(other)]).toEqual([
      [basic("me:s3"), basic("localhost:80"), basic("me:s3")],
      [undefined],
    ]);
  });

  test("a file that is not there is named", async () => {
    const { origin, client } = await start({}, { auth: new NetrcAuth("/nowhere/netrc") });
    const call = client.get(`${origin.url}/ok`);
    await expect(call).rejects.toThrow("NetrcAuth: /nowhere/netrc: there is no such file");
  });
});

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

  test("when the call that fetches the token is cancelled, the next one takes over", async () => {
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

describe("a flow of one's own", () => {
  test("two extra requests: a nonce, a ticket, and then the request itself", async () => {
    const { origin, client } = await start({
      nonce: ({ response }) => sendText(response, "n1"),
      ticket: ({ request, response }) => sendText(response, `ticket for ${request.headers["x-nonce"]}`),
    });
    const auth: Auth = {
      *flow(request) {
        const nonce = yield client.buildRequest("GET", `${origin.url}/nonce`);
        const headers = { "x-nonce": nonce.text() };
        const ticket = yield client.buildRequest("POST", `${origin.url}/ticket`, { headers });
        const response = yield request.with({ headers: request.headers.with("X-Ticket", ticket.text()) });
        if (response.status !== 200) throw new Error("refused");
      },
    };
    const response = await client.get(`${origin.url}/echo`, { auth });
    const { headers } = response.json<{ headers: [string, string][] }>();
    expect(headers).toContainEqual(["X-Ticket", "ticket for n1"]);
    expect(origin.requests.map(request => request.target)).toEqual(["/nonce", "/ticket", "/echo"]);
    expect(origin.connections).toBe(1);
  });

  test("its finally runs however the call ends, and it can answer a failure with another request", async () => {
    const ends: string[] = [];
    const { origin, client } = await start({});
    const tidy: Auth = {
      async *flow(request) {
        try {
          yield request;
        } finally {
          ends.push(request.url.target);
        }
      },
    };
    await client.get(`${origin.url}/ok`, { auth: tidy });
    await client.get(`${origin.url}/reset-mid-body`, { auth: tidy }).catch(() => "failed");
    await client.get(`${origin.url}/hang`, { auth: tidy, timeout: 100 }).catch(() => "failed");
    expect(ends).toEqual(["/ok", "/reset-mid-body", "/hang"]);

    const second: Auth = {
      *flow(request) {
        try {
          yield request;
        } catch {
          yield request.with({ url: request.url.withTarget("/ok") });
        }
      },
    };
    expect((await client.get(`${origin.url}/cut-mid-body`, { auth: second })).text()).toBe("ok");
  });

  test.each<[string, Auth["flow"], object]>([
    [
      "throws",
      () => {
        throw new Error("boom");
      },
      { code: "HANDLER_FAILED", message: expect.stringContaining("the auth flow threw: boom") },
    ],
    ["yields nothing", function* () {}, { code: "INVALID_OPTION" }],
    [
      "yields a string",
      function* () {
        yield "/ok" as unknown as Request;
      },
      { code: "INVALID_OPTION" },
    ],
    [
      "throws after the answer",
      function* (request) {
        yield request;
        throw new Error("boom");
      },
      { code: "HANDLER_FAILED" },
    ],
  ])("one that %s fails the call, and keeps no connection", async (_, flow, expected) => {
    const { origin, client } = await start({});
    const auth = { flow };
    await expect(client.get(`${origin.url}/ok`, { auth })).rejects.toMatchObject(expected);
    await expect(client.stream(`${origin.url}/bytes/1000000`, { auth })).rejects.toMatchObject(expected);
    expect((await client.get(`${origin.url}/ok`)).status).toBe(200);
    await expect.poll(() => origin.openConnections).toBeLessThanOrEqual(1);
  });
});
