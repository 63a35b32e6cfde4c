import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, test } from "@skein/testkit";
import express from "express";
import { Client, InvalidOption } from "../src/entry/node.ts";
import { type App, type AppOptions, appTransport, type NodeHandler } from "../src/entry/testing.ts";

function clientOf(app: App, options?: AppOptions): Client {
  return new Client({ transport: appTransport(app as NodeHandler, options), retry: false });
}

async function* slowly(...chunks: string[]) {
  for (const chunk of chunks) {
    await new Promise(resolve => setImmediate(resolve));
    yield chunk;
  }
}

describe("a Node handler", () => {
  test("answers without a socket, and sees a real request", async () => {
    const client = clientOf((request: IncomingMessage, response: ServerResponse) => {
      const { method, url, headers, socket } = request;
      response.setHeader("set-cookie", ["a=1", "b=2"]);
      response.end(JSON.stringify({ method, url, host: headers.host, from: socket.remoteAddress }));
    });
    const response = await client.get("http://app.test/users?page=2");
    expect(response.json()).toEqual({
      method: "GET",
      url: "/users?page=2",
      host: "app.test",
      from: "127.0.0.1",
    });
    expect(response.headers.getList("set-cookie")).toEqual(["a=1", "b=2"]);
  });

  test("an Express app: routes, JSON bodies, its own 404 and 500, https", async () => {
    const app = express();
    app.use(express.json());
    app.get("/users/:id", (request, response) => {
      response.json({ id: request.params.id, secure: request.secure, ip: request.ip });
    });
    app.post("/users", (request, response) => {
      response.status(201).json({ created: request.body.name });
    });
    app.get("/broken", () => {
      throw new Error("inside the app");
    });
    app.set("env", "test");
    const client = clientOf(app);
    expect(await client.get("https://app.test/users/7").json()).toEqual({
      id: "7",
      secure: true,
      ip: "127.0.0.1",
    });
    expect(await client.post("http://app.test/users", { json: { name: "Ann" } }).json()).toEqual({
      created: "Ann",
    });
    expect((await client.get("http://app.test/nowhere")).status).toBe(404);
    expect((await client.get("http://app.test/broken")).status).toBe(500);
  });

  test("bodies stream both ways, as they come", async () => {
    const client = clientOf((request: IncomingMessage, response: ServerResponse) => request.pipe(response));
    const response = await client.post("http://app.test/", { content: slowly("one ", "two ", "three") });
    expect(response.text()).toBe("one two three");
  });

  test.each([
    ["in one piece", ["all"]],
    ["in pieces", ["some", "more", "x".repeat(40_000)]],
  ])(
    "an answer that was made %s is finished for the application, too, and then closed",
    async (_how, pieces) => {
      const heard: string[] = [];
      const client = clientOf((_request: IncomingMessage, response: ServerResponse) => {
        for (const name of ["finish", "close"]) response.on(name, () => heard.push(name));
        for (const piece of pieces.slice(1)) response.write(piece);
        response.end(pieces[0]);
      });
      await client.get("http://app.test/");
      await expect.poll(() => heard).toEqual(["finish", "close"]);
    },
  );

  test("a reader that is slow slows the application", async () => {
    let written = 0;
    const client = clientOf(async (_request: IncomingMessage, response: ServerResponse) => {
      const block = Buffer.alloc(64 * 1024);
      while (!response.destroyed && written < 1000) {
        written += 1;
        if (!response.write(block))
          await new Promise(resolve => response.once("drain", resolve).once("close", resolve));
      }
      response.end();
    });
    const stream = await client.stream("http://app.test/");
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(written).toBeLessThan(50);
    stream.close();
  });

  test("a caller that gives up is seen by the application", async () => {
    let seen: (() => void) | undefined;
    const gone = new Promise<void>(resolve => {
      seen = resolve;
    });
    const client = clientOf((_request: IncomingMessage, response: ServerResponse) => {
      response.write("first");
      response.on("close", () => seen!());
    });
    const stream = await client.stream("http://app.test/");
    stream.close();
    await gone;
  });

  test("an error that it throws rejects the call, with the error as the cause", async () => {
    const client = clientOf(async (_request: IncomingMessage, _response: ServerResponse) => {
      throw new RangeError("inside the app");
    });
    await expect(client.get("http://app.test/")).rejects.toMatchObject({
      code: "HANDLER_FAILED",
      message: "GET http://app.test/: the application threw: inside the app",
      cause: expect.any(RangeError),
    });
  });

  test("also in the middle of a body, and it is not called again", async () => {
    let calls = 0;
    const app = (_request: IncomingMessage, response: ServerResponse) => {
      calls += 1;
      response.write("half");
      throw new RangeError("inside the app");
    };
    const client = new Client({ transport: appTransport(app) });
    await expect(client.get("http://app.test/")).rejects.toMatchObject({ code: "HANDLER_FAILED" });
    expect(calls).toBe(1);
  });

  test("with raiseAppErrors: false it becomes a 500", async () => {
    const app = (_request: IncomingMessage, response: ServerResponse) => {
      response.setHeader("x-half", "done");
      throw new RangeError("inside the app");
    };
    const response = await clientOf(app, { raiseAppErrors: false }).get("http://app.test/");
    expect([response.status, response.text()]).toEqual([500, "Internal Server Error"]);
    expect(response.headers.has("x-half")).toBe(false);
  });

  test("may tell its socket what it tells a real one", async () => {
    const client = clientOf((request: IncomingMessage, response: ServerResponse) => {
      request.setTimeout(1_000);
      request.socket.setNoDelay(true).setKeepAlive(true);
      response.end("ok");
    });
    expect(await client.get("http://app.test/").text()).toBe("ok");
  });

  test("timeouts, HEAD and many at once work as over a network", async () => {
    const app = (request: IncomingMessage, response: ServerResponse) => {
      if (request.url !== "/hang") response.end(request.url);
    };
    const client = clientOf(app);
    await expect(client.get("http://app.test/hang", { timeout: "150ms" })).rejects.toMatchObject({
      code: "TOTAL_TIMEOUT",
    });
    expect((await client.head("http://app.test/")).text()).toBe("");
    const texts = await Promise.all(
      Array.from({ length: 50 }, (_, i) => client.get(`http://app.test/${i}`).text()),
    );
    expect(texts).toEqual(Array.from({ length: 50 }, (_, i) => `/${i}`));
    await client.close();
  });
});

describe("a fetch-style handler", () => {
  test("is handed a Request, and its Response is the answer", async () => {
    const client = clientOf(async (request: Request) => {
      const body = await request.text();
      return Response.json({
        method: request.method,
        url: request.url,
        body,
        host: request.headers.get("host"),
      });
    });
    expect(await client.post("http://app.test/a?b=1", { content: "hello" }).json()).toEqual({
      method: "POST",
      url: "http://app.test/a?b=1",
      body: "hello",
      host: "app.test",
    });
  });

  test("so is the fetch of an object, as Hono and Workers have it", async () => {
    const app = {
      greeting: "hello",
      fetch(_request: Request) {
        return new Response(this.greeting);
      },
    };
    expect(await clientOf(app).get("http://app.test/").text()).toBe("hello");
  });

  test("bodies stream both ways", async () => {
    const client = clientOf((request: Request) => new Response(request.body));
    const response = await client.post("http://app.test/", { content: slowly("one ", "two") });
    expect(response.text()).toBe("one two");
  });

  test("its errors are raised, or become a 500", async () => {
    const app = (_request: Request): Response => {
      throw new RangeError("inside the app");
    };
    await expect(clientOf(app).get("http://app.test/")).rejects.toMatchObject({
      code: "HANDLER_FAILED",
      cause: expect.any(RangeError),
    });
    expect((await clientOf(app, { raiseAppErrors: false }).get("http://app.test/")).status).toBe(500);
  });

  test("hears of a caller that gives up, by the signal of its Request", async () => {
    let seen: AbortSignal | undefined;
    const client = clientOf((request: Request) => {
      seen = request.signal;
      return new Promise<never>(() => undefined);
    });
    const call = client.get("http://app.test/");
    await expect.poll(() => seen).toBeDefined();
    call.cancel();
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
    expect(seen!.aborted).toBe(true);
  });

  test("what it gives for HEAD is dropped", async () => {
    expect(
      (await clientOf((_request: Request) => new Response("body")).head("http://app.test/")).text(),
    ).toBe("");
  });
});

describe("which kind a handler is", () => {
  test("is told by its parameters, or said; else refused", async () => {
    const vague = (...all: unknown[]) => (all[1] as ServerResponse).end("ok");
    expect(appTransport(request => new Response(request.url))).toBeDefined();
    expect(() => appTransport(vague as NodeHandler)).toThrow('give kind: "fetch" or "node"');
    expect(await clientOf(vague, { kind: "node" }).get("http://app.test/").text()).toBe("ok");
    expect(() => appTransport(vague as NodeHandler, { kind: "wsgi" as never })).toThrow(InvalidOption);
    expect(() => appTransport({} as never)).toThrow("expected a handler");
    expect(() => appTransport(vague as NodeHandler, { raise: true } as never)).toThrow('no option "raise"');
  });

  test("nothing listens on a port", () => {
    const before = process.getActiveResourcesInfo().filter(name => name === "TCPServerWrap").length;
    clientOf((_request: IncomingMessage, response: ServerResponse) => response.end());
    const after = process.getActiveResourcesInfo().filter(name => name === "TCPServerWrap").length;
    expect(after).toBe(before);
  });
});
