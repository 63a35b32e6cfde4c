import { afterAll, beforeAll, describe, expect, type OriginServer, originServer, test } from "@skein/testkit";
import { Client, HTTPStatusError, InvalidOption, RemoteProtocolError } from "../src/entry/node.ts";

let elsewhere: OriginServer;
let origin: OriginServer;
let client: Client;

beforeAll(async () => {
  elsewhere = await originServer();
  origin = await originServer({
    routes: {
      // /pages/1?last=3 links to /pages/2?last=3, relative to itself
      pages({ response, parts, query }) {
        const [page, last] = [Number(parts[1]), Number(query.get("last"))];
        if (page < last)
          response.setHeader("link", `<first>; title="a, b", <${page + 1}?last=${last}>; rel="next"`);
        response.end(JSON.stringify({ page }));
      },
      circle({ response, parts }) {
        response.setHeader("link", `</circle/${(Number(parts[1]) % 2) + 1}>; rel=next`);
        response.end("{}");
      },
      away({ response }) {
        response.setHeader("link", `<${elsewhere.url}/echo>; rel=next`);
        response.end("{}");
      },
      anchored({ response }) {
        response.setHeader("link", '</pages/1>; rel=next; anchor="#part"');
        response.end("{}");
      },
    },
  });
  client = new Client({ timeout: "10s" });
});
afterAll(async () => {
  await client.close();
  await origin.close();
  await elsewhere.close();
});

async function pagesOf(path: string, options: Parameters<Client["paginate"]>[1] = {}): Promise<string[]> {
  const urls: string[] = [];
  for await (const page of client.paginate(`${origin.url}${path}`, options))
    urls.push(page.url.slice(origin.url.length));
  return urls;
}

describe("paginate", () => {
  test("follows rel=next, relative to each page, and sends the headers along", async () => {
    const before = origin.requestCount;
    expect(await pagesOf("/pages/1", { params: { last: 3 }, headers: { "X-Key": "k" } })).toEqual([
      "/pages/1?last=3",
      "/pages/2?last=3",
      "/pages/3?last=3",
    ]);
    const sent = origin.requests.slice(before);
    expect(sent.map(request => request.header("x-key"))).toEqual(["k", "k", "k"]);
  });

  test("fetches a page when it is asked for, and no more than maxPages", async () => {
    const before = origin.requestCount;
    for await (const page of client.paginate(`${origin.url}/pages/1?last=9`)) {
      expect(page.json()).toEqual({ page: 1 });
      break;
    }
    expect(origin.requestCount - before).toBe(1);
    expect(await pagesOf("/pages/1?last=9", { maxPages: 2 })).toHaveLength(2);
    expect(origin.requestCount - before).toBe(3);
  });

  test("asks `next` where there is no Link header; it may be async and answer a URL", async () => {
    const urls = await pagesOf("/pages/5?last=1", {
      next: async page => {
        const { page: number } = page.json<{ page: number }>();
        return number < 7 ? new URL(`/pages/${number + 1}?last=1`, page.url) : null;
      },
    });
    expect(urls).toEqual(["/pages/5?last=1", "/pages/6?last=1", "/pages/7?last=1"]);
  });

  test("a circle is an error", async () => {
    await expect(pagesOf("/circle/1")).rejects.toThrow(RemoteProtocolError);
    await expect(pagesOf("/circle/1")).rejects.toThrow(/in a circle/);
  });

  test("a page that is no 2xx is an error", async () => {
    await expect(pagesOf("/status/403")).rejects.toThrow(HTTPStatusError);
  });

  test("to another origin, credentials stay behind: headers, auth, cookies", async () => {
    await using client = new Client({
      auth: ["user", "secret"],
      cookies: { session: "secret" },
      timeout: "10s",
    });
    const pages = [];
    for await (const page of client.paginate(`${origin.url}/away`, {
      headers: { "X-Api-Key": "secret", Accept: "text/x" },
    }))
      pages.push(page);
    expect(origin.requests.at(-1)!.header("authorization")).toMatch(/^Basic /);
    const { headers } = pages[1]!.json<{ headers: [string, string][] }>();
    expect(JSON.stringify(headers)).not.toMatch(/secret|authorization|cookie|x-api-key/i);
    expect(headers).toContainEqual(["Accept", "text/x"]);
  });

  test("a link that speaks of something else is none", async () => {
    expect(await pagesOf("/anchored")).toEqual(["/anchored"]);
  });

  test("refuses what makes no sense", async () => {
    await expect(pagesOf("/pages/1", { maxPages: 0 })).rejects.toThrow(InvalidOption);
    await expect(pagesOf("/pages/1", { next: () => 5 as never })).rejects.toThrow(InvalidOption);
  });
});

describe("response.links", () => {
  test("are those of the Link header, by relation", async () => {
    const response = await client.get(`${origin.url}/pages/1?last=2`);
    expect(response.links.next).toEqual({ url: "2?last=2", rel: "next", params: { rel: "next" } });
    expect((await client.get(`${origin.url}/pages/2?last=2`)).links).toEqual({});
  });
});
