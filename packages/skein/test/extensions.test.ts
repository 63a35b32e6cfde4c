import { describe, expect, originServer, test } from "@skein/testkit";
import { Client, type Layer } from "../src/entry/node.ts";

/** A layer as a user writes it: told by an extension what to do, it tells by another what it did. */
const tagged: Layer = inner => ({
  async send(request, context) {
    const { tag } = request.extensions;
    const sent =
      typeof tag === "string" ? request.with({ headers: request.headers.with("X-Tag", tag) }) : request;
    const response = await inner.send(sent, context);
    response.extensions.taggedAs = tag;
    return response;
  },
  close: () => inner.close(),
});

describe("extensions", () => {
  test("reach the layers, on every hop, and are read at the response with what those add", async () => {
    await using origin = await originServer();
    await using client = new Client();
    const api = client.with(tagged, { after: "redirect" });
    const response = await api.get(`${origin.url}/redirect/302?to=/ok`, { extensions: { tag: "a", x: 1 } });
    expect(origin.requests.map(request => request.header("x-tag"))).toEqual(["a", "a"]);
    expect({ ...response.extensions }).toEqual({ tag: "a", x: 1, taggedAs: "a" });
    expect({ ...(await api.get(`${origin.url}/ok`)).extensions }).toEqual({ taggedAs: undefined });
    await using stream = await api.stream(`${origin.url}/ok`, { extensions: { tag: "b" } });
    expect(stream.extensions.taggedAs).toBe("b");
  });

  test("of a built request, and of the items of a batch", async () => {
    await using origin = await originServer();
    await using client = new Client();
    const api = client.with(tagged, { after: "retry" });
    await api.send(api.buildRequest("GET", `${origin.url}/ok`, { extensions: { tag: "built" } }));
    await using batch = api.batch([`${origin.url}/ok`], {
      request: url => ({ url, extensions: { tag: "item" } }),
    });
    for await (const task of batch) expect(task.response?.extensions.taggedAs).toBe("item");
    expect(origin.requests.map(request => request.header("x-tag"))).toEqual(["built", "item"]);
  });

  test("are an object", async () => {
    await using client = new Client();
    await expect(client.get("http://127.0.0.1:1/", { extensions: "x" as never })).rejects.toThrow(
      "extensions: give an object",
    );
  });
});
