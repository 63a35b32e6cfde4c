import { afterAll, afterEach, beforeAll, describe, expect, originServer, test } from "@skein/testkit";
import nock from "nock";
import { Client, fetchTransport } from "../../src/entry/node.ts";

/** Programs whose tests mock the network with nock use Skein over `fetchTransport()`. */

const client = new Client({
  baseUrl: "https://api.example.com",
  transport: fetchTransport(),
  retry: false,
});

beforeAll(() => nock.disableNetConnect());
afterEach(() => nock.cleanAll());
afterAll(async () => {
  nock.enableNetConnect();
  nock.restore();
  await client.close();
});

describe("nock, over fetchTransport()", () => {
  test("answers, and sees what was sent", async () => {
    const scope = nock("https://api.example.com")
      .get("/users")
      .query({ page: 2 })
      .reply(200, { users: [1, 2] })
      .post("/users", { name: "Ann" })
      .matchHeader("x-key", "k")
      .reply(201, { created: true }, { "x-served-by": "nock" });
    expect(await client.get("/users", { params: { page: 2 } }).json()).toEqual({ users: [1, 2] });
    const created = await client.post("/users", { json: { name: "Ann" }, headers: { "x-key": "k" } });
    expect([created.status, created.json(), created.headers.get("x-served-by")]).toEqual([
      201,
      { created: true },
      "nock",
    ]);
    scope.done();
  });

  test("redirects, and retries, are ours", async () => {
    nock("https://api.example.com")
      .get("/moved")
      .reply(302, undefined, { location: "/flaky" })
      .get("/flaky")
      .times(2)
      .reply(503)
      .get("/flaky")
      .reply(200, "third time lucky");
    const response = await client.get("/moved", { retry: 3 });
    expect(response.text()).toBe("third time lucky");
    expect(response.history.map(({ status }) => status)).toEqual([302]);
  });

  test("its errors, and waits that are too long, are errors of ours", async () => {
    nock("https://api.example.com").get("/down").replyWithError("the wire was cut");
    await expect(client.get("/down")).rejects.toMatchObject({
      code: "FETCH_FAILED",
      message: expect.stringContaining("the wire was cut"),
    });
    nock("https://api.example.com").get("/slow").delay(5_000).reply(200);
    await expect(client.get("/slow", { timeout: 50 })).rejects.toMatchObject({ code: "TOTAL_TIMEOUT" });
  });
});

test("our own connections are refused, too, where nock is told to refuse connections", async () => {
  await using origin = await originServer();
  await using own = new Client({ retry: false });
  await expect(own.get(`${origin.url}/ok`)).rejects.toMatchObject({ name: "ReadError" });
  nock.enableNetConnect("127.0.0.1");
  expect(await own.get(`${origin.url}/ok`).text()).toBe("ok");
});
