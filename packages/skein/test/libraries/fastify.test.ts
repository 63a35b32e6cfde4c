import { Readable } from "node:stream";
import { describe, expect, test } from "@skein/testkit";
import fastify from "fastify";
import { Client } from "../../src/entry/node.ts";
import { appTransport } from "../../src/entry/testing.ts";

describe("appTransport with a Fastify app", () => {
  test("routes, schemas, hooks, its own 404 and 500, and streams, without a socket", async () => {
    const app = fastify();
    const closed: string[] = [];
    app.addHook("onResponse", async (request, reply) => {
      closed.push(`${request.method} ${request.url} ${reply.statusCode}`);
    });
    app.get<{ Params: { id: string } }>("/users/:id", async ({ params, ip }) => ({ id: params.id, ip }));
    const schema = { body: { type: "object", required: ["name"], properties: { name: { type: "string" } } } };
    app.post<{ Body: { name: string } }>("/users", { schema }, async ({ body }, reply) => {
      reply.status(201);
      return { created: body.name };
    });
    app.get("/broken", async () => {
      throw new Error("inside the app");
    });
    app.get("/pieces", (_request, reply) => reply.send(Readable.from(["one\n", "two\n"])));
    await app.ready();

    await using client = new Client({
      baseUrl: "http://app.test",
      transport: appTransport(app.routing),
      retry: false,
    });
    expect(await client.get("/users/7").json()).toEqual({ id: "7", ip: "127.0.0.1" });
    expect(await client.post("/users", { json: { name: "Ann" } }).json()).toEqual({ created: "Ann" });
    const refused = await client.post("/users", { json: {} });
    expect([refused.status, refused.json<{ message: string }>().message]).toEqual([
      400,
      "body must have required property 'name'",
    ]);
    expect((await client.get("/nowhere")).status).toBe(404);
    expect((await client.get("/broken")).json()).toMatchObject({
      statusCode: 500,
      message: "inside the app",
    });
    const lines: string[] = [];
    for await (const line of (await client.stream("/pieces")).lines()) lines.push(line);
    expect(lines).toEqual(["one", "two"]);
    await expect
      .poll(() => closed)
      .toEqual([
        "GET /users/7 200",
        "POST /users 201",
        "POST /users 400",
        "GET /nowhere 404",
        "GET /broken 500",
        "GET /pieces 200",
      ]);
    expect(app.addresses()).toEqual([]);
    await app.close();
  });
});
