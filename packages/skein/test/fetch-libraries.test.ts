import {
  afterAll,
  beforeAll,
  describe,
  expect,
  type OriginServer,
  originServer,
  sendJson,
  test,
} from "@skein/testkit";
import ky, { HTTPError, TimeoutError } from "ky";
import createClient from "openapi-fetch";
import { Client, type Fetch } from "../src/entry/node.ts";

/** Libraries that take a `fetch`, unchanged, on `client.fetch`. */

let origin: OriginServer;
let client: Client;

beforeAll(async () => {
  origin = await originServer({
    routes: {
      users: async ({ request, response, parts, query }) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of request) chunks.push(chunk);
        const sent = Buffer.concat(chunks).toString();
        const { method, headers } = request;
        if (parts[1] === "missing") response.statusCode = 404;
        sendJson(response, {
          method,
          id: parts[1],
          page: query.get("page"),
          sent: sent === "" ? undefined : JSON.parse(sent),
          length: headers["content-length"],
          key: headers.authorization,
        });
      },
      completions: ({ response }) => {
        response.setHeader("content-type", "text/event-stream");
        for (const word of ["many", "together", "in order"])
          response.write(`data: ${JSON.stringify({ delta: word })}\n\n`);
        response.end("data: [DONE]\n\n");
      },
    },
  });
  client = new Client();
});
afterAll(async () => {
  await client.close();
  await origin.close();
});

describe("ky", () => {
  const api = () =>
    ky.create({ fetch: client.fetch, prefix: origin.url, retry: { limit: 2, backoffLimit: 10 } });

  test("JSON both ways, search params, headers", async () => {
    const user = await api()
      .post("users/7", {
        json: { name: "Ann" },
        searchParams: { page: 2 },
        headers: { authorization: "Bearer x" },
      })
      .json();
    expect(user).toEqual({
      method: "POST",
      id: "7",
      page: "2",
      sent: { name: "Ann" },
      length: "14",
      key: "Bearer x",
    });
  });

  test("its own retries, and only those", async () => {
    expect(await api().get("flaky/ky/2").text()).toBe("ok after 2 failures");
    expect(origin.requests.filter(({ target }) => target === "/flaky/ky/2")).toHaveLength(3);
  });

  test("its HTTPError has the response, its TimeoutError comes in time", async () => {
    const error = await api()
      .get("users/missing", { retry: 0 })
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(error).toBeInstanceOf(HTTPError);
    expect((error as HTTPError).response.status).toBe(404);
    await expect(api().get("hang", { timeout: 50, retry: 0 })).rejects.toBeInstanceOf(TimeoutError);
  });

  test("download progress reads through a stream", async () => {
    const percents: number[] = [];
    const bytes = await api()
      .get("bytes/300000", { onDownloadProgress: ({ percent }) => void percents.push(percent) })
      .arrayBuffer();
    expect(bytes.byteLength).toBe(300_000);
    expect(percents.at(-1)).toBe(1);
  });
});

describe("openapi-fetch", () => {
  interface Paths {
    "/users/{id}": {
      put: {
        parameters: { path: { id: string }; query?: { page?: number } };
        requestBody: { content: { "application/json": { name: string } } };
        responses: { 200: { content: { "application/json": { id: string; sent: { name: string } } } } };
      };
    };
  }

  test("typed calls, which it makes with a Request", async () => {
    const api = createClient<Paths>({ baseUrl: origin.url, fetch: client.fetch });
    const { data, response } = await api.PUT("/users/{id}", {
      params: { path: { id: "9" }, query: { page: 3 } },
      body: { name: "Bea" },
    });
    expect(response.status).toBe(200);
    expect(data).toMatchObject({ id: "9", page: "3", sent: { name: "Bea" }, length: "14" });
  });
});

/** The way that the SDKs of language models call a `fetch`: controller, timer, retries and SSE of their own. */
class ModelSdk {
  readonly #fetch: Fetch;
  readonly #baseUrl: string;

  constructor({ fetch, baseUrl }: { fetch: Fetch; baseUrl: string }) {
    this.#fetch = fetch;
    this.#baseUrl = baseUrl;
  }

  async *stream(prompt: string): AsyncGenerator<string> {
    const controller = new AbortController();
    const response = await this.#request("/completions", prompt, controller);
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
        rest = lines.pop()!;
        for (const line of lines) {
          if (line === "data: [DONE]") return;
          yield (JSON.parse(line.slice("data: ".length)) as { delta: string }).delta;
        }
      }
    } finally {
      controller.abort();
    }
  }

  async #request(path: string, prompt: string, controller: AbortController): Promise<Response> {
    const timer = setTimeout(() => controller.abort(), 10_000);
    const body = JSON.stringify({ prompt, stream: true });
    const headers = new Headers({
      "content-type": "application/json",
      "content-length": String(body.length),
    });
    try {
      // As such SDKs do: detached from any object, with everything that they know of.
      const fetch = this.#fetch;
      return await fetch.call(undefined, this.#baseUrl + path, {
        method: "post",
        body,
        headers,
        signal: controller.signal,
        redirect: "follow",
        keepalive: false,
        credentials: "same-origin",
      });
    } finally {
      clearTimeout(timer);
    }
  }
}

test("an SDK that streams server-sent events", async () => {
  const sdk = new ModelSdk({ fetch: client.fetch, baseUrl: origin.url });
  const words: string[] = [];
  for await (const word of sdk.stream("what is a skein?")) words.push(word);
  expect(words).toEqual(["many", "together", "in order"]);
});
