import { afterAll, afterEach, beforeAll, describe, expect, originServer, test, vi } from "@skein/testkit";
import { delay, HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { Client, fetchTransport } from "../../src/entry/node.ts";

/** Programs whose tests mock the network with MSW use Skein over `fetchTransport()`. */

const seen: { method: string; body: string; header: string | null }[] = [];
const server = setupServer(
  http.get("https://api.example.com/users/:id", ({ params, request }) =>
    HttpResponse.json({ id: params.id, page: new URL(request.url).searchParams.get("page") }),
  ),
  http.post("https://api.example.com/users", async ({ request }) => {
    seen.push({ method: request.method, body: await request.text(), header: request.headers.get("x-key") });
    return HttpResponse.json({ created: true }, { status: 201, headers: { "set-cookie": "a=1" } });
  }),
  http.get("https://api.example.com/moved", () =>
    HttpResponse.redirect("https://api.example.com/users/7?page=2", 302),
  ),
  http.get("https://api.example.com/down", () => HttpResponse.error()),
  http.get("https://api.example.com/slow", async () => {
    await delay(5_000);
    return HttpResponse.text("too late");
  }),
  http.get("https://api.example.com/pieces", () => {
    const { body } = new Response(new Blob(["one\n", "two\n"]));
    return new HttpResponse(body);
  }),
);
const client = new Client({
  baseUrl: "https://api.example.com",
  transport: fetchTransport(),
  retry: false,
});

beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
afterEach(() => {
  server.resetHandlers();
  seen.length = 0;
});
afterAll(async () => {
  server.close();
  await client.close();
});

describe("MSW, over fetchTransport()", () => {
  test("answers, and sees what was sent", async () => {
    expect(await client.get("/users/3", { params: { page: 1 } }).json()).toEqual({ id: "3", page: "1" });
    const created = await client.post("/users", { json: { name: "Ann" }, headers: { "x-key": "k" } });
    expect([created.status, created.json(), created.headers.getList("set-cookie")]).toEqual([
      201,
      { created: true },
      ["a=1"],
    ]);
    expect(seen).toEqual([{ method: "POST", body: '{"name":"Ann"}', header: "k" }]);
  });

  test("redirects are followed by us, and streams come in pieces", async () => {
    const moved = await client.get("/moved");
    expect([moved.json(), moved.history.map(({ status }) => status)]).toEqual([
      { id: "7", page: "2" },
      [302],
    ]);
    const lines: string[] = [];
    for await (const line of (await client.stream("/pieces")).lines()) lines.push(line);
    expect(lines).toEqual(["one", "two"]);
  });

  test("its handlers of one test take the place of the others, and a failure is retried", async () => {
    let asked = 0;
    server.use(
      http.get("https://api.example.com/users/:id", () => {
        asked += 1;
        return asked < 3 ? new HttpResponse(null, { status: 503 }) : HttpResponse.json({ asked });
      }),
    );
    expect(await client.get("/users/1", { retry: 3 }).json()).toEqual({ asked: 3 });
  });

  test("its network error, a wait that is too long and a cancelled call are errors of ours", async () => {
    await expect(client.get("/down")).rejects.toMatchObject({ name: "NetworkError", code: "FETCH_FAILED" });
    await expect(client.get("/slow", { timeout: 50 })).rejects.toMatchObject({ code: "TOTAL_TIMEOUT" });
    const call = client.get("/slow");
    setTimeout(() => call.cancel("enough"), 20);
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
  });

  test("what no handler answers is refused, as it was told to", async () => {
    const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
    await expect(client.get("/unhandled")).rejects.toMatchObject({ code: "FETCH_FAILED" });
    expect(String(said.mock.calls[0]?.[0])).toContain("https://api.example.com/unhandled");
    said.mockRestore();
  });
});

test("MSW leaves our own connections alone: it neither answers nor hinders what goes over them", async () => {
  await using origin = await originServer();
  await using own = new Client({ retry: false });
  expect(await own.get(`${origin.url}/ok`).text()).toBe("ok");
  server.use(http.get(`${origin.url}/text`, () => HttpResponse.text("mocked")));
  expect(await own.get(`${origin.url}/text`).text()).not.toBe("mocked");
  expect(origin.requestCount).toBe(2);
});
