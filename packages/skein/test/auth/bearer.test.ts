import { describe, expect, test } from "@skein/testkit";
import { BearerAuth } from "../../src/entry/node.ts";
import { guarded, start } from "./guarded-origins.ts";

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
