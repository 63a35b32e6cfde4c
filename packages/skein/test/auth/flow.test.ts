import { describe, expect, sendText, test } from "@skein/testkit";
import type { Auth, Request } from "../../src/entry/node.ts";
import { start } from "./guarded-origins.ts";

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
