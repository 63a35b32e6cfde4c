import { expect, originServer, test } from "@skein/testkit";
import { Client } from "../src/entry/node.ts";

test("client.fetch refuses a URL with user name or password, as the platform's does; a base URL may have them", async () => {
  await using origin = await originServer();
  await using client = new Client();
  for (const userinfo of ["ada:geheim@", "ada@", ":geheim@"]) {
    const url = origin.url.replace("//", `//${userinfo}`);
    for (const input of [url, new URL(url)]) {
      const error = await client.fetch(input).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).not.toContain("geheim");
    }
    await expect(fetch(url)).rejects.toBeInstanceOf(TypeError);
  }
  expect(origin.requestCount).toBe(0);
  expect((await client.fetch(`${origin.url}/echo?mail=ada@example.com`)).status).toBe(200);
  await using own = new Client({ baseUrl: origin.url.replace("//", "//ada:geheim@") });
  expect((await own.fetch("/ok")).status).toBe(200);
});
